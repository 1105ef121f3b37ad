import type { AwsIdentity, LocalLog } from '../../types';
import { createAsynchronousInvoker } from './asynchronous';
import { unpackCode, unpackZip } from './code';
import type {
  FunctionCredentials,
  FunctionDefinition,
  FunctionError,
  InvocationOutcome,
} from './definitions';
import { openFunctionLog } from './function-log';
import { startWorker } from './worker-process';
import { addWorker, dispatch, failed, type HostedFunction, rejectQueue } from './workers';

// lambda/latest/dg/gettingstarted-limits.html
const MAX_SYNC_PAYLOAD_BYTES = 6 * 1024 * 1024;
const MAX_ASYNC_PAYLOAD_BYTES = 1024 * 1024;

export interface FunctionHostSettings {
  readonly identity: AwsIdentity;
  /** The gateway, given to the functions as AWS_ENDPOINT_URL. */
  readonly endpoint: string;
  /** Authority of the stack's own TLS endpoints, which stands for Amazon's. */
  readonly caFile?: string;
  readonly logDirectory: string;
  /** The folder in which packages are unpacked. */
  readonly codeDirectory: string;
  /**
   * The folder for Node's compiled code of the functions. There is none by default, so that a cold start is as slow as
   * on Lambda.
   */
  readonly compiledDirectory?: string;
  readonly log: LocalLog;
  /** Workers a function may have when the template reserves none. */
  readonly maxConcurrency?: number;
  /** How long an invocation waits for a busy worker before one more is started; by default, as on AWS, not at all. */
  readonly patienceMs?: number;
  readonly nodePath?: string;
  /** AWS gives ten seconds on its own machines; this one may be shared. */
  readonly initTimeoutMs?: number;
  readonly asyncRetryDelaysMs?: readonly number[];
}

export interface FunctionHost {
  register(definition: FunctionDefinition, credentials: FunctionCredentials): Promise<void>;
  /** New code of a function: what runs ends on the old one, and each later invocation runs on the new. */
  updateCode(nameOrArn: string, zip: Uint8Array): Promise<void>;
  /** Runs the function and waits, in a queue if all its workers are busy. */
  invoke(nameOrArn: string, event: unknown): Promise<InvocationOutcome>;
  /** Accepts an event as Lambda's `Event` invocation does, with its retries. */
  enqueue(nameOrArn: string, event: unknown): { readonly requestId: string };
  /** Starts one worker of the function, or of each, and waits until it is ready. */
  warm(nameOrArn?: string): Promise<void>;
  definitions(): readonly FunctionDefinition[];
  /** The hash of the package that a function runs; undefined if its code is a folder. */
  codeSha256(nameOrArn: string): string | undefined;
  pids(): Readonly<Record<string, readonly number[]>>;
  /** Milliseconds from spawn to ready of each function's first worker. */
  coldStarts(): Readonly<Record<string, number>>;
  lastLines(nameOrArn: string): readonly string[];
  close(): Promise<void>;
}

export class FunctionNotFoundError extends Error {
  readonly functionName: string;
  constructor(functionName: string) {
    super(`Function not found: ${functionName}`);
    this.name = 'FunctionNotFoundError';
    this.functionName = functionName;
  }
}

export class PayloadTooLargeError extends Error {
  constructor(bytes: number, limit: number) {
    super(`Request must be smaller than ${limit} bytes for the InvokeFunction operation, was ${bytes}`);
    this.name = 'PayloadTooLargeError';
  }
}

export function createFunctionHost(settings: FunctionHostSettings): FunctionHost {
  const functions = new Map<string, HostedFunction>();
  const asynchronous = createAsynchronousInvoker(settings.log, settings.asyncRetryDelaysMs);
  let closed = false;

  async function register(definition: FunctionDefinition, credentials: FunctionCredentials): Promise<void> {
    if (functions.has(definition.name)) throw new Error(`Function already exist: ${definition.name}`);
    functions.set(definition.name, await hostFunction(definition, credentials, settings));
  }

  async function updateCode(nameOrArn: string, zip: Uint8Array): Promise<void> {
    const fn = find(nameOrArn);
    const { taskRoot, sha256 } = await unpackZip(zip, settings.codeDirectory);
    fn.start = fn.startOn(taskRoot);
    fn.codeSha256 = sha256;
    for (const worker of fn.workers) fn.retired.add(worker);
    for (const worker of fn.idle.splice(0)) worker.kill();
  }

  function find(nameOrArn: string): HostedFunction {
    const name = /^(?:arn:[^:]+:lambda:[^:]*:[^:]*:function:)?([^:]+)/.exec(nameOrArn)?.[1] ?? nameOrArn;
    const found = functions.get(name);
    if (!found) throw new FunctionNotFoundError(nameOrArn);
    return found;
  }

  function submit(fn: HostedFunction, requestId: string, event: string): Promise<InvocationOutcome> {
    if (closed) return Promise.resolve(failed(requestId, stackClosed));
    return new Promise((settle) => {
      fn.queue.push({ requestId, since: performance.now(), event, settle });
      dispatch(fn);
    });
  }

  async function close(): Promise<void> {
    closed = true;
    process.off('exit', killAll);
    asynchronous.close();
    const running = [...functions.values()].flatMap((fn) => [...fn.workers]);
    for (const fn of functions.values()) {
      clearTimeout(fn.impatience);
      rejectQueue(fn, stackClosed);
    }
    killAll();
    await Promise.all(running.map((worker) => worker.exited));
    await Promise.all([...functions.values()].map((fn) => fn.log.close()));
  }

  function killAll(): void {
    for (const fn of functions.values()) for (const worker of fn.workers) worker.kill();
  }
  // However this process ends, its workers end with it.
  process.once('exit', killAll);

  return {
    register,
    updateCode,
    invoke: async (nameOrArn, event) =>
      submit(find(nameOrArn), crypto.randomUUID(), encodeEvent(event, MAX_SYNC_PAYLOAD_BYTES)),
    enqueue: (nameOrArn, event) => {
      const requestId = crypto.randomUUID();
      const fn = find(nameOrArn);
      const text = encodeEvent(event, MAX_ASYNC_PAYLOAD_BYTES);
      asynchronous.invoke(fn.definition.name, requestId, () => submit(fn, requestId, text));
      return { requestId };
    },
    warm: async (nameOrArn) => {
      const chosen = nameOrArn === undefined ? [...functions.values()] : [find(nameOrArn)];
      await Promise.all(chosen.filter((fn) => fn.workers.size === 0 && fn.limit > 0).map(addWorker));
    },
    codeSha256: (nameOrArn) => find(nameOrArn).codeSha256,
    definitions: () => [...functions.values()].map((fn) => fn.definition),
    pids: () => collect(functions, (fn) => [...fn.workers].flatMap((worker) => worker.pid ?? [])),
    coldStarts: () => collect(functions, (fn) => fn.coldStartMs),
    lastLines: (nameOrArn) => find(nameOrArn).log.lastLines(),
    close,
  };
}

async function hostFunction(
  definition: FunctionDefinition,
  credentials: FunctionCredentials,
  settings: FunctionHostSettings,
): Promise<HostedFunction> {
  const { identity, endpoint, caFile, compiledDirectory } = settings;
  const log = openFunctionLog(settings.logDirectory, definition.name);
  const { taskRoot, sha256: codeSha256 } = await unpackCode(definition.codePath, settings.codeDirectory);
  const nodePath = settings.nodePath ?? process.execPath;
  const initTimeoutMs = settings.initTimeoutMs ?? 30_000;
  const startOn = (root: string) => () =>
    startWorker({
      definition,
      credentials,
      identity,
      endpoint,
      ...(caFile !== undefined && { caFile }),
      ...(compiledDirectory !== undefined && { compiledDirectory }),
      taskRoot: root,
      nodePath,
      initTimeoutMs,
      log,
    });
  return {
    definition,
    log,
    startOn,
    start: startOn(taskRoot),
    codeSha256,
    limit: definition.reservedConcurrency ?? settings.maxConcurrency ?? 4,
    patienceMs: settings.patienceMs ?? 0,
    workers: new Set(),
    retired: new Set(),
    idle: [],
    queue: [],
    starting: 0,
    readyAt: 0,
  };
}

const stackClosed: FunctionError = {
  errorType: 'ServiceException',
  errorMessage: 'The local stack is stopping',
};

function encodeEvent(event: unknown, limit: number): string {
  const text = JSON.stringify(event) ?? 'null';
  const bytes = Buffer.byteLength(text);
  if (bytes > limit) throw new PayloadTooLargeError(bytes, limit);
  return text;
}

function collect<T>(
  functions: ReadonlyMap<string, HostedFunction>,
  read: (fn: HostedFunction) => T | undefined,
): Record<string, T> {
  const entries = [...functions.values()].flatMap((fn) => {
    const value = read(fn);
    return value === undefined ? [] : [[fn.definition.name, value] as const];
  });
  return Object.fromEntries(entries);
}
