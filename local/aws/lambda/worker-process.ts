import { type ChildProcess, fork } from 'node:child_process';
import type { AwsIdentity } from '../../types';
import type {
  FunctionCredentials,
  FunctionDefinition,
  FunctionError,
  InvocationOutcome,
} from './definitions';
import type { FunctionLog } from './function-log';

interface WorkerSettings {
  readonly definition: FunctionDefinition;
  readonly credentials: FunctionCredentials;
  readonly identity: AwsIdentity;
  readonly endpoint: string;
  readonly caFile?: string;
  readonly compiledDirectory?: string;
  readonly taskRoot: string;
  readonly nodePath: string;
  readonly initTimeoutMs: number;
  readonly log: FunctionLog;
}

/** One running sandbox of a function. It serves one invocation at a time and is never used again after it exits. */
export interface Worker {
  readonly pid: number | undefined;
  /** Resolves with the cold start in milliseconds, spawn to handler ready; rejects with the reason if it never gets there. */
  readonly ready: Promise<number>;
  readonly exited: Promise<void>;
  /** False once the process is ending, even before it has ended. */
  isUsable(): boolean;
  invoke(requestId: string, event: string): Promise<InvocationOutcome>;
  kill(): void;
}

export class WorkerInitError extends Error {
  readonly error: FunctionError;
  constructor(error: FunctionError) {
    super(`${error.errorType}: ${error.errorMessage}`);
    this.name = 'WorkerInitError';
    this.error = error;
  }
}

interface WorkerMessage {
  readonly type: 'ready' | 'result' | 'fatal';
  readonly requestId?: string;
  readonly payload?: string;
  readonly error?: FunctionError;
}

const workerFile = new URL('./worker.mjs', import.meta.url);

export function startWorker(settings: WorkerSettings): Worker {
  const startedAt = performance.now();
  const { compiledDirectory } = settings;
  const child = fork(workerFile, compiledDirectory === undefined ? [] : [compiledDirectory], {
    execPath: settings.nodePath,
    execArgv: memoryFlags(settings.definition.memoryMb),
    cwd: settings.taskRoot,
    env: workerEnvironment(settings),
    stdio: ['ignore', settings.log.descriptor, settings.log.descriptor, 'ipc'],
    serialization: 'json',
  });

  let isEnding = false;
  child.on('message', (message: WorkerMessage) => {
    if (message.type === 'fatal') isEnding = true;
  });
  const exit = awaitExit(child);

  return {
    get pid() {
      return child.pid;
    },
    ready: awaitReady(child, exit, startedAt, settings.initTimeoutMs),
    exited: exit.then(() => undefined),
    isUsable: () =>
      child.connected && !child.killed && !isEnding && child.exitCode === null && child.signalCode === null,
    invoke: (requestId, event) => runInvocation(child, exit, settings.definition, requestId, event),
    kill: () => {
      child.kill('SIGKILL');
    },
  };
}

/** Resolves once the process has ended and every message that it sent has been read. */
function awaitExit(child: ChildProcess): Promise<FunctionError> {
  return new Promise((resolve) => {
    child.once('error', (cause) => resolve({ errorType: 'Runtime.ExitError', errorMessage: cause.message }));
    child.once('exit', (code, signal) => {
      const finish = () => resolve(exitError(code, signal));
      if (child.connected) child.once('disconnect', finish);
      else finish();
    });
  });
}

async function awaitReady(
  child: ChildProcess,
  exit: Promise<FunctionError>,
  startedAt: number,
  initTimeoutMs: number,
): Promise<number> {
  const error = await new Promise<FunctionError | undefined>((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const errorMessage = `Init phase timed out after ${initTimeoutMs} ms`;
      settle({ errorType: 'Sandbox.Timedout', errorMessage });
    }, initTimeoutMs);
    const settle = (failure?: FunctionError) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      resolve(failure);
    };
    const onMessage = (message: WorkerMessage) => {
      if (message.type === 'ready') settle();
      if (message.type === 'fatal') settle(message.error);
    };
    child.on('message', onMessage);
    void exit.then(settle);
  });
  if (error) throw new WorkerInitError(error);
  return performance.now() - startedAt;
}

function runInvocation(
  child: ChildProcess,
  exit: Promise<FunctionError>,
  definition: FunctionDefinition,
  requestId: string,
  event: string,
): Promise<InvocationOutcome> {
  const timeoutMs = definition.timeoutSeconds * 1000;
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      const seconds = definition.timeoutSeconds.toFixed(2);
      fail({ errorType: 'Sandbox.Timedout', errorMessage: `Error: Task timed out after ${seconds} seconds` });
    }, timeoutMs);
    const settle = (outcome: InvocationOutcome) => {
      clearTimeout(timer);
      child.off('message', onMessage);
      resolve(outcome);
    };
    const fail = ({ errorType, errorMessage }: FunctionError) => {
      const error = { errorType, errorMessage: `RequestId: ${requestId} ${errorMessage}` };
      settle({ status: 'failed', requestId, error });
    };
    const onMessage = (message: WorkerMessage) => {
      if (message.requestId !== requestId) return;
      if (message.error) settle({ status: 'failed', requestId, error: message.error });
      else settle({ status: 'succeeded', requestId, payload: message.payload ?? 'null' });
    };
    child.on('message', onMessage);
    void exit.then(fail);
    // A channel that breaks shows up as the exit of the child.
    const message = { requestId, event, deadlineAt: Date.now() + timeoutMs, functionArn: definition.arn };
    child.send(message, () => undefined);
  });
}

/** The texts of Lambda's Runtime.ExitError. */
function exitError(code: number | null, signal: NodeJS.Signals | null): FunctionError {
  const reasons: Record<string, string> = {
    SIGKILL: 'killed',
    SIGABRT: 'aborted',
    SIGSEGV: 'segmentation fault',
  };
  const errorType = 'Runtime.ExitError';
  if (signal) {
    return {
      errorType,
      errorMessage: `Error: Runtime exited with error: signal: ${reasons[signal] ?? signal}`,
    };
  }
  if (code === 0) return { errorType, errorMessage: 'Error: Runtime exited without providing a reason' };
  return { errorType, errorMessage: `Error: Runtime exited with error: exit status ${code}` };
}

/** Lambda's Node.js bootstrap gives the young generation a tenth of the memory and the old one the rest. */
function memoryFlags(memoryMb: number): string[] {
  const youngMb = Math.floor(memoryMb / 10);
  return [`--max-old-space-size=${memoryMb - youngMb}`, `--max-semi-space-size=${Math.floor(youngMb / 2)}`];
}

/**
 * The variables that Lambda sets (lambda/latest/dg/configuration-envvars.html), those of the template, PATH, and the
 * authority of the stack's TLS endpoints. A function sees no others of this machine, so that it can't depend on
 * variables that Lambda lacks.
 */
function workerEnvironment(settings: WorkerSettings): Record<string, string> {
  const { definition, credentials, identity } = settings;
  const today = new Date().toISOString().slice(0, 10).replaceAll('-', '/');
  return {
    ...definition.environment,
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    _HANDLER: definition.handler,
    LAMBDA_TASK_ROOT: settings.taskRoot,
    AWS_EXECUTION_ENV: `AWS_Lambda_${definition.runtime}`,
    AWS_REGION: identity.region,
    AWS_DEFAULT_REGION: identity.region,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroupName,
    AWS_LAMBDA_LOG_STREAM_NAME: `${today}/[$LATEST]${crypto.randomUUID().replaceAll('-', '')}`,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_SESSION_TOKEN: credentials.sessionToken,
    AWS_ENDPOINT_URL: settings.endpoint,
    ...(settings.caFile !== undefined && { NODE_EXTRA_CA_CERTS: settings.caFile }),
  };
}
