import type { FunctionDefinition, FunctionError, InvocationOutcome } from './definitions';
import type { FunctionLog } from './function-log';
import { type Worker, WorkerInitError } from './worker-process';

interface PendingInvocation {
  readonly requestId: string;
  readonly since: number;
  readonly event: string;
  readonly settle: (outcome: InvocationOutcome) => void;
}

/** A function with its workers and the invocations that wait for one. */
export interface HostedFunction {
  readonly definition: FunctionDefinition;
  readonly log: FunctionLog;
  readonly limit: number;
  /**
   * How long an invocation waits for an existing worker before it starts one more. With such a wait, workers start one
   * by one.
   */
  readonly patienceMs: number;
  readonly workers: Set<Worker>;
  /** Workers with code that was replaced since. */
  readonly retired: Set<Worker>;
  readonly startOn: (taskRoot: string) => () => Worker;
  start: () => Worker;
  /** The hash of its package. */
  codeSha256: string | undefined;
  readonly idle: Worker[];
  readonly queue: PendingInvocation[];
  starting: number;
  /** The time when the last worker became ready. */
  readyAt: number;
  impatience?: NodeJS.Timeout;
  coldStartMs?: number;
}

/** Gives waiting invocations to idle workers, and starts workers for the rest while the limit allows. */
export function dispatch(fn: HostedFunction): void {
  while (fn.queue.length > 0 && fn.idle.length > 0) {
    const worker = fn.idle.pop();
    // It may have failed since its last invocation, and be about to exit.
    if (!worker?.isUsable()) continue;
    const pending = fn.queue.shift();
    if (pending) void runOn(fn, worker, pending);
  }
  startForQueue(fn);
  if (fn.limit === 0) {
    rejectQueue(fn, { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' });
  }
}

function startForQueue(fn: HostedFunction): void {
  clearTimeout(fn.impatience);
  while (fn.workers.size < fn.limit) {
    // The first in the queue have the workers that are starting.
    const next = fn.queue[fn.starting];
    if (!next) return;
    // Once that one is ready, dispatch comes here again.
    if (fn.patienceMs > 0 && fn.starting > 0) return;
    const since = Math.max(next.since, fn.readyAt);
    const leftMs = fn.workers.size === 0 ? 0 : since + fn.patienceMs - performance.now();
    if (leftMs > 0) {
      fn.impatience = setTimeout(() => dispatch(fn), leftMs).unref();
      return;
    }
    addWorker(fn).catch((error: unknown) => {
      failOne(fn, describeInitError(error));
      dispatch(fn);
    });
  }
}

export async function addWorker(fn: HostedFunction): Promise<void> {
  const worker = fn.start();
  fn.workers.add(worker);
  fn.starting += 1;
  void worker.exited.then(() => removeWorker(fn, worker));
  try {
    const initMs = await worker.ready;
    fn.coldStartMs ??= initMs;
    fn.readyAt = performance.now();
    fn.log.write(`INIT_REPORT Init Duration: ${initMs.toFixed(2)} ms Pid: ${worker.pid}`);
    keepOrRetire(fn, worker);
  } catch (error) {
    fn.workers.delete(worker);
    throw error;
  } finally {
    fn.starting -= 1;
  }
  dispatch(fn);
}

async function runOn(fn: HostedFunction, worker: Worker, pending: PendingInvocation): Promise<void> {
  const startedAt = performance.now();
  const outcome = await worker.invoke(pending.requestId, pending.event);
  const durationMs = (performance.now() - startedAt).toFixed(2);
  const status = outcome.status === 'failed' ? ` Status: error Error Type: ${outcome.error.errorType}` : '';
  fn.log.write(`REPORT RequestId: ${pending.requestId} Duration: ${durationMs} ms${status}`);
  keepOrRetire(fn, worker);
  pending.settle(outcome);
  dispatch(fn);
}

function keepOrRetire(fn: HostedFunction, worker: Worker): void {
  if (worker.isUsable() && !fn.retired.has(worker)) {
    fn.idle.push(worker);
    return;
  }
  worker.kill();
  removeWorker(fn, worker);
}

function removeWorker(fn: HostedFunction, worker: Worker): void {
  fn.workers.delete(worker);
  fn.retired.delete(worker);
  const index = fn.idle.indexOf(worker);
  if (index >= 0) fn.idle.splice(index, 1);
  dispatch(fn);
}

/** An init that failed fails one waiting invocation: the one it was started for. */
function failOne(fn: HostedFunction, error: FunctionError): void {
  const pending = fn.queue.shift();
  pending?.settle(failed(pending.requestId, error));
}

export function rejectQueue(fn: HostedFunction, error: FunctionError): void {
  for (const pending of fn.queue.splice(0)) pending.settle(failed(pending.requestId, error));
}

export function failed(requestId: string, error: FunctionError): InvocationOutcome {
  return { status: 'failed', requestId, error };
}

function describeInitError(error: unknown): FunctionError {
  if (error instanceof WorkerInitError) return error.error;
  return { errorType: 'Runtime.Unknown', errorMessage: String(error) };
}
