import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { StackNews, StackReady } from './stack-process';

/** One way of calling AWS, as the gateway counted it. */
export interface CallCount {
  readonly caller: string;
  readonly action: string;
  readonly count: number;
  readonly byStatus: Readonly<Record<string, number>>;
}

interface FaultRule {
  readonly functionName?: string;
  /** The name that requests are signed for. */
  readonly service?: string;
  readonly action?: string;
  readonly probability: number;
  readonly kind: 'throttle' | 'error' | 'latency';
  readonly latencyMs?: number;
}

/** The packaged service on a stack of its own, and clients of an operator. */
export interface Service {
  readonly iot: IoTClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly dynamodb: DynamoDBClient;
  readonly outputs: Readonly<Record<string, string>>;
  readonly mqtt: StackReady['mqtt'];
  /** Process ids: `stack` and each function. */
  pids(): Promise<Readonly<Record<string, readonly number[]>>>;
  calls(): Promise<readonly CallCount[]>;
  resetCalls(): Promise<void>;
  /** The same faults for the same seed and order of calls. */
  setFaults(rules: readonly FaultRule[], seed?: number): Promise<void>;
  /** A request to the stack itself (docs/local-stack.md). */
  control<T>(method: 'GET' | 'POST', route: string, body?: object): Promise<T>;
  /** Invocations that were killed, mostly at their timeout, or threw. */
  failedInvocations(): number;
  close(): Promise<void>;
}

export interface ServiceOptions {
  /** Invocations of a function at once. */
  readonly concurrency: number;
  /** The time of a message from a queue to a function, added to the time here. */
  readonly deliveryMs?: number;
  /** Folder for a CPU profile of the stack's process. */
  readonly profile?: string;
  /** Its cordon.yml, of this folder. */
  readonly configuration?: 'storm.yml' | 'slack.yml';
}

export async function startService(options: ServiceOptions): Promise<Service> {
  const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
  try {
    packageService(join(folder, 'package'), options.configuration ?? 'storm.yml');
    return await boot(folder, options);
  } catch (error) {
    await rm(folder, { recursive: true, force: true });
    throw error;
  }
}

function packageService(folder: string, configuration: string): void {
  const args = [join('scripts', 'package-variant.mjs'), join('bench', 'alerts', configuration), folder];
  const { status } = spawnSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error('sls package failed');
}

async function boot(
  folder: string,
  { concurrency, deliveryMs = 0, profile }: ServiceOptions,
): Promise<Service> {
  const args = [folder, join(folder, 'package'), String(concurrency), String(deliveryMs)];
  const child = fork(join(import.meta.dirname, 'stack-process.ts'), args, {
    execArgv: [...process.execArgv, ...(profile ? ['--cpu-prof', `--cpu-prof-dir=${profile}`] : [])],
  });
  const exit = once(child, 'exit');
  const ready = await Promise.race([
    once(child, 'message').then(([message]) => message as StackReady),
    exit.then(([code]) => Promise.reject(new Error(`the stack ended with ${code} before it was ready`))),
  ]);
  const { endpoint, region, credentials, outputs, mqtt } = ready;
  let failedInvocations = 0;
  child.on('message', (news: StackNews) => {
    if (news.failedInvocation) failedInvocations += 1;
  });
  // A copy for each client, as the SDK writes into what it is given.
  const settings = () => ({ endpoint, region, credentials: { ...credentials }, maxAttempts: 10 });
  const clients = {
    iot: new IoTClient(settings()),
    sns: new SNSClient(settings()),
    sqs: new SQSClient(settings()),
    dynamodb: new DynamoDBClient(settings()),
  };
  return {
    ...clients,
    outputs,
    mqtt,
    async pids() {
      const { pids } = await ask<{ pids: Record<string, number[]> }>(endpoint, 'GET', 'functions');
      return { stack: child.pid === undefined ? [] : [child.pid], ...pids };
    },
    calls: async () => (await ask<{ counts: CallCount[] }>(endpoint, 'GET', 'calls')).counts,
    resetCalls: async () => void (await ask(endpoint, 'POST', 'calls/reset')),
    setFaults: async (rules, seed) => void (await ask(endpoint, 'POST', 'faults', { rules, seed })),
    control: (method, route, body) => ask(endpoint, method, route, body),
    failedInvocations: () => failedInvocations,
    async close() {
      for (const client of Object.values(clients)) client.destroy();
      if (child.connected) child.disconnect();
      await exit;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ask<T>(endpoint: string, method: 'GET' | 'POST', route: string, body?: object): Promise<T> {
  const response = await fetch(`${endpoint}/_cordon/${route}`, {
    method,
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${route}: ${response.status} ${await response.text()}`);
  return (await response.json()) as T;
}
