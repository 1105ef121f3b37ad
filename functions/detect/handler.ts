import type { ScheduledEvent, SQSBatchResponse, SQSEvent, SQSRecord } from 'aws-lambda';
import type { Profiles } from '../../shared/domain/detection/state';
import { groupBy } from '../../shared/domain/group-by';
import type { DeadLetters, SourceQueue } from '../../shared/ports/aws';
import type { DetectStore, UnfinishedMessages } from '../../shared/ports/storage';
import { createBudget } from './budget';
import { type EvaluatePorts, evaluateThing } from './evaluate';
import { createFloodNotifier, type FloodPorts } from './notify-flood';
import { type ReceivedEvent, type ReceivedReport, receive } from './receive';
import { type ReplyPorts, replyToReport } from './reply';
import { type SilencePorts, startSilenceRun } from './silences';
import { comesAgain, createSuspicion, type Suspicion } from './suspicion';

export interface DetectPorts extends EvaluatePorts, ReplyPorts, FloodPorts, SilencePorts {
  readonly states: DetectStore;
  readonly silences: SilencePorts['silences'];
  readonly deadLetters: DeadLetters;
  /** The queue that the messages come from. */
  readonly queue: SourceQueue;
  readonly unfinished: UnfinishedMessages;
}

/** Judges what arrived of devices, or once a minute what time has changed. */
export function detect(ports: DetectPorts, profiles: Profiles) {
  const judgeBatch = detectBatch(ports, profiles);
  const judgeDue = detectDue(ports, profiles);
  return (event: SQSEvent | Pick<ScheduledEvent, 'time'>): Promise<SQSBatchResponse> =>
    'Records' in event ? judgeBatch(event) : judgeDue();
}

/**
 * Evaluates the security profiles on a batch of messages. A redelivered message may have ended the function before, or
 * have been in the batch of one that did. So redelivered messages are judged one by one, the most suspicious last, and
 * each finished one leaves the queue at once: no message is lost because of another.
 */
function detectBatch(ports: DetectPorts, profiles: Profiles) {
  const judgeTogether = detectTogether(ports, profiles);
  const { rank, whileBegun } = createSuspicion(ports);
  return async ({ Records }: SQSEvent): Promise<SQSBatchResponse> => {
    const failed = Records.some(comesAgain) ? await judgeApart(Records) : await judgeTogether(Records);
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };

  async function judgeApart(records: readonly SQSRecord[]): Promise<string[]> {
    const ranked = await rank(records);
    const [trusted, suspect] = [
      ranked.filter(({ begun }) => begun === 0),
      ranked.filter(({ begun }) => begun > 0),
    ];
    const failed: string[] = [];
    for (const one of trusted.filter(({ record }) => comesAgain(record)))
      failed.push(...(await judgeAlone(one)));
    const fresh = trusted.map(({ record }) => record).filter((record) => !comesAgain(record));
    const again = await judgeTogether(fresh);
    if (suspect.length > 0) await removeDone(fresh, again);
    failed.push(...again);
    for (const one of suspect) failed.push(...(await judgeAlone(one)));
    return failed;
  }

  async function judgeAlone(one: Suspicion): Promise<string[]> {
    const failed = await whileBegun(one, () => judgeTogether([one.record]));
    await removeDone([one.record], failed);
    return failed;
  }

  async function removeDone(records: readonly SQSRecord[], failed: readonly string[]): Promise<void> {
    await Promise.all(
      records.map((record) => (failed.includes(record.messageId) ? undefined : remove(record, ports))),
    );
  }
}

/** If this fails, Lambda removes the message with its batch. */
async function remove({ messageId, receiptHandle }: SQSRecord, { queue, log }: DetectPorts): Promise<void> {
  try {
    await queue.remove(receiptHandle);
  } catch (error) {
    log.warn('message not removed before the rest of its batch', { messageId, error });
  }
}

/** Handles things in parallel, and the messages of one in order. Returns the ids of messages to redeliver. */
function detectTogether(ports: DetectPorts, profiles: Profiles) {
  const judge = evaluateThing(ports, profiles);
  const notifier = createFloodNotifier(ports);
  const budget = createBudget({ ...ports, noteFlood: notifier.note }, profiles);
  return async (records: readonly SQSRecord[]): Promise<string[]> => {
    const failed: string[] = [];
    const received = await Promise.all(records.map((record) => take(record, ports, budget, failed)));
    const admitted = received.flatMap((item) => (item ? budget.admit(item) : []));
    await Promise.all(
      [...groupBy(admitted, ({ thingName }) => thingName)].map(async ([thingName, items]) => {
        try {
          await judge(thingName, items);
        } catch (error) {
          ports.log.error('reports not judged, will be redelivered', { thingName, error });
          failed.push(...items.map(({ messageId }) => messageId));
          return;
        }
        const reports = items.filter((item) => item.kind === 'report');
        await Promise.all(reports.map((item) => replyToReport(item, ports)));
      }),
    );
    await notifier.notifyNoted();
    return failed;
  };
}

/** The readable messages. Unreadable ones are rejected at once. */
async function take(
  record: SQSRecord,
  { deadLetters, log, metrics }: DetectPorts,
  budget: Pick<ReturnType<typeof createBudget>, 'admitsUnreadable'>,
  failed: string[],
): Promise<ReceivedReport | ReceivedEvent | undefined> {
  try {
    const received = receive(record);
    if (received.kind === 'report' || received.kind === 'lifecycle') return received;
    if (received.kind === 'ignored') metrics.count('LifecycleIgnored');
    else if (budget.admitsUnreadable(received.from))
      await deadLetters.send(record.body, received.reason, `reports:${record.messageId}`);
  } catch (error) {
    log.error('report not read', { messageId: record.messageId, error });
    failed.push(record.messageId);
  }
  return undefined;
}

/** Things evaluated at once, and the time of one run, within the function's 30 seconds. The rest waits for a minute. */
const dueAtOnce = 50;
const maxRunMs = 20_000;

function detectDue(ports: DetectPorts, profiles: Profiles) {
  const judge = evaluateThing(ports, profiles);
  return async (): Promise<SQSBatchResponse> => {
    const { states, clock, log, metrics } = ports;
    const startedAt = clock();
    const judged = new Set<string>();
    const faults: unknown[] = [];
    const run = await startSilenceRun(ports);
    for (;;) {
      // An index lags behind its table, and a thing that can't be evaluated stays due. Neither may hide the others.
      const listed = await states.listDue(startedAt, dueAtOnce + judged.size);
      const due = listed.filter((thingName) => !judged.has(thingName));
      const results = await Promise.allSettled(
        due.map((thingName) => judge(thingName, [{ kind: 'time', thingName, at: clock() }], run)),
      );
      for (const thingName of due) judged.add(thingName);
      faults.push(...results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
      if (due.length === 0 || clock() - startedAt > maxRunMs) break;
    }
    const told = await Promise.allSettled([run.announce()]);
    faults.push(...told.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
    metrics.count('ThingJudgedByTime', judged.size);
    log.info('judged by time', { things: judged.size, failed: faults.length });
    if (faults.length > 0) throw new AggregateError(faults, 'some things were not judged by time');
    return { batchItemFailures: [] };
  };
}
