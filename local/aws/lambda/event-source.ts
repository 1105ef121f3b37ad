import { setTimeout as delay } from 'node:timers/promises';
import type { SQSRecord } from 'aws-lambda';
import type { AwsIdentity, LocalLog } from '../../types';
import type { EventSourceDefinition, InvocationOutcome } from './definitions';
import { createPermits, type Permits } from './permits';
import type { ReceivedMessage, SourceQueue } from './source-queue';
import { readBatchItemFailures, splitBySize, toSqsRecord } from './sqs-event';

const LONG_POLL_SECONDS = 20;
const MAX_RECEIVE = 10;
/** Below Lambda's 6 MB, with room for the envelope. */
const MAX_EVENT_BYTES = 6_000_000;
const MAX_BACKOFF_MS = 5_000;
/**
 * Waits as long as Lambda's call to SQS takes, during which more messages arrive. Without the wait, each message of a
 * burst would be a separate invocation, which would cost this machine too much processor time.
 */
const GATHER_MS = 10;

export interface EventSourcePorts {
  readonly queue: SourceQueue;
  readonly identity: AwsIdentity;
  readonly invoke: (functionName: string, event: unknown) => Promise<InvocationOutcome>;
  readonly isAllowed: (roleArn: string, action: string, resource: string) => boolean;
  /** Timeout of the function, which the queue's visibility timeout must cover. */
  readonly functionTimeoutSeconds: number;
  /** Invocations at once, if the mapping's MaximumConcurrency allows as many. */
  readonly maxConcurrency?: number;
  /** How soon failed messages come again; by default, as on AWS, after the queue's visibility timeout. */
  readonly redeliverSeconds?: number;
  /** Added between receipt and invocation, as a delivery takes on AWS; by default none. */
  readonly deliveryMs?: number;
  readonly log: LocalLog;
}

export interface EventSource {
  /** Stops polling and waits for the batches in work. */
  stop(): Promise<void>;
}

/** The mapping would be refused by Lambda too. */
class EventSourceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'EventSourceError';
  }
}

interface RunningSource {
  readonly definition: EventSourceDefinition;
  readonly ports: EventSourcePorts;
  readonly signal: AbortSignal;
  readonly inWork: Set<Promise<void>>;
  readonly permits: Permits;
}

/** Moves messages of an SQS queue to a function, as Lambda's event source mapping does. */
export async function startEventSource(
  definition: EventSourceDefinition,
  ports: EventSourcePorts,
): Promise<EventSource> {
  checkPermissions(definition, ports);
  await checkVisibility(definition, ports);
  if (!definition.enabled) return { stop: async () => undefined };
  const abort = new AbortController();
  const source: RunningSource = {
    definition,
    ports,
    signal: abort.signal,
    inWork: new Set(),
    permits: createPermits(Math.min(definition.maximumConcurrency ?? Infinity, ports.maxConcurrency ?? 4)),
  };
  const poller = poll(source);
  return {
    stop: async () => {
      abort.abort();
      source.permits.release();
      await poller;
      await Promise.all(source.inWork);
    },
  };
}

/** Lambda makes these checks when the mapping is created. */
function checkPermissions(
  { roleArn, queueArn }: EventSourceDefinition,
  { isAllowed }: EventSourcePorts,
): void {
  for (const action of ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes']) {
    if (isAllowed(roleArn, `sqs:${action}`, queueArn)) continue;
    throw new EventSourceError(
      `The function execution role does not have permissions to call ${action} on SQS (${roleArn} on ${queueArn})`,
    );
  }
}

async function checkVisibility(definition: EventSourceDefinition, ports: EventSourcePorts): Promise<void> {
  const visibilitySeconds = await ports.queue.readVisibilitySeconds();
  if (visibilitySeconds < ports.functionTimeoutSeconds) {
    throw new EventSourceError(
      `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ` +
        `${ports.functionTimeoutSeconds} seconds (${definition.queueArn}, ${definition.functionName})`,
    );
  }
}

/** Receives only when an invocation may follow at once, so that no visibility timeout runs out in a queue here. */
async function poll(source: RunningSource): Promise<void> {
  const { batchSize } = source.definition;
  let failures = 0;
  let received = 0;
  while (!source.signal.aborted) {
    await source.permits.acquire();
    const isBusy = source.inWork.size > 0 && received < batchSize;
    if (isBusy) await pause(GATHER_MS, source.signal);
    try {
      const messages = await receiveBatch(source);
      failures = 0;
      received = messages.length;
      if (messages.length === 0) source.permits.release();
      else startWork(source, messages);
    } catch (error) {
      source.permits.release();
      if (source.signal.aborted) break;
      if (failures === 0) {
        source.ports.log.warn('queue not polled', {
          queueArn: source.definition.queueArn,
          error: String(error),
        });
      }
      failures += 1;
      await pause(Math.min(MAX_BACKOFF_MS, 100 * 2 ** failures), source.signal);
    }
  }
}

function startWork(source: RunningSource, messages: readonly ReceivedMessage[]): void {
  const work = processBatch(source, messages)
    .catch((error: unknown) => {
      const { queueArn } = source.definition;
      source.ports.log.warn('batch not finished, its messages come again', {
        queueArn,
        error: String(error),
      });
    })
    .finally(() => {
      source.inWork.delete(work);
      source.permits.release();
    });
  source.inWork.add(work);
}

async function receiveBatch({ definition, ports, signal }: RunningSource): Promise<ReceivedMessage[]> {
  const { batchSize, maximumBatchingWindowSeconds } = definition;
  const receive = (count: number, waitSeconds: number) =>
    ports.queue.receive(Math.min(count, MAX_RECEIVE), Math.min(waitSeconds, LONG_POLL_SECONDS), signal);
  const messages = [...(await receive(batchSize, LONG_POLL_SECONDS))];
  if (messages.length === 0 || maximumBatchingWindowSeconds === 0) return messages;
  const windowEndsAt = performance.now() + maximumBatchingWindowSeconds * 1000;
  while (messages.length < batchSize && !signal.aborted) {
    const leftSeconds = Math.floor((windowEndsAt - performance.now()) / 1000);
    if (leftSeconds < 0) break;
    messages.push(...(await receive(batchSize - messages.length, leftSeconds)));
    if (leftSeconds === 0) break;
  }
  return messages;
}

async function processBatch(source: RunningSource, messages: readonly ReceivedMessage[]): Promise<void> {
  const { queueArn } = source.definition;
  const { region } = source.ports.identity;
  const records = messages.map((message) => toSqsRecord(message, queueArn, region));
  for (const batch of splitBySize(records, MAX_EVENT_BYTES)) await processRecords(source, batch);
}

/** Failed messages come again, or go to the dead-letter queue. */
async function processRecords(source: RunningSource, records: readonly SQSRecord[]): Promise<void> {
  const done = await invokeWith(source, records);
  const { queue, redeliverSeconds } = source.ports;
  if (redeliverSeconds !== undefined && done.length < records.length && !source.signal.aborted) {
    const failed = records.filter((record) => !done.includes(record));
    await queue.returnAll(
      failed.map(({ receiptHandle }) => receiptHandle),
      redeliverSeconds,
    );
  }
  await deleteRecords(source, done);
}

/** The records that the function is done with. */
async function invokeWith(
  source: RunningSource,
  records: readonly SQSRecord[],
): Promise<readonly SQSRecord[]> {
  const { functionName, queueArn, reportsBatchItemFailures } = source.definition;
  const { log } = source.ports;
  if (source.ports.deliveryMs) await delay(source.ports.deliveryMs);
  const outcome = await source.ports.invoke(functionName, { Records: records });
  if (outcome.status === 'failed') {
    const { errorType, errorMessage } = outcome.error;
    if (!source.signal.aborted)
      log.warn('invocation failed', { functionName, queueArn, errorType, errorMessage });
    return [];
  }
  const ids = new Set(records.map((record) => record.messageId));
  const failures = reportsBatchItemFailures ? readBatchItemFailures(outcome.payload, ids) : new Set<string>();
  if (failures === 'all') {
    log.warn('batch response not understood, so all of it failed', { functionName, queueArn });
    return [];
  }
  if (failures.size > 0) log.warn('messages failed', { functionName, queueArn, count: failures.size });
  return records.filter((record) => !failures.has(record.messageId));
}

async function deleteRecords(
  { definition, ports }: RunningSource,
  records: readonly SQSRecord[],
): Promise<void> {
  const { queueArn } = definition;
  for (let start = 0; start < records.length; start += MAX_RECEIVE) {
    const handles = records.slice(start, start + MAX_RECEIVE).map(({ receiptHandle }) => receiptHandle);
    const failed = await ports.queue.deleteAll(handles);
    if (failed.length > 0) ports.log.warn('messages not deleted', { queueArn, failed });
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, milliseconds);
    signal.addEventListener('abort', finish);
  });
}
