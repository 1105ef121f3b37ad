import type { SQSRecord } from 'aws-lambda';
import { groupBy } from '../../shared/domain/group-by';
import { parseJson } from '../../shared/domain/json';
import type { Clock, Log } from '../../shared/ports/runtime';
import type { UnfinishedMessages } from '../../shared/ports/storage';
import { nameSender } from './receive';

interface SuspicionPorts {
  readonly unfinished: UnfinishedMessages;
  readonly log: Log;
  readonly clock: Clock;
}

/** A message, and the number of unfinished messages of its sender. */
export interface Suspicion {
  readonly record: SQSRecord;
  readonly sender: string;
  readonly begun: number;
}

/**
 * A redelivered message may have ended the function. So the start of each one is recorded under its sender until the
 * message is finished, and senders with unfinished messages are judged last. The record is per sender, not per message,
 * so that a flood of such messages ends the function once or twice, not once each.
 */
export function createSuspicion({ unfinished, log, clock }: SuspicionPorts) {
  /** Where nothing can be recorded, all messages are judged as unsuspicious. */
  async function attempt<T>(what: Promise<T>, otherwise: T): Promise<T> {
    try {
      return await what;
    } catch (error) {
      log.warn('the unfinished messages of a sender can’t be read or written', { error });
      return otherwise;
    }
  }

  return {
    /** The redelivered messages and those of the same senders, the least suspicious first. */
    async rank(records: readonly SQSRecord[]): Promise<Suspicion[]> {
      const named = records.map((record) => ({
        record,
        sender: nameSender(parseJson(record.body), record.messageId).sender,
      }));
      const counts = groupBy(named, ({ sender }) => sender);
      const again = new Set(named.filter(({ record }) => comesAgain(record)).map(({ sender }) => sender));
      const begun = new Map(
        await Promise.all(
          [...again].map(async (sender) => [sender, await attempt(unfinished.count(sender), 0)] as const),
        ),
      );
      const sizeOf = (sender: string) => counts.get(sender)?.length ?? 0;
      return named
        .map((one) => ({ ...one, begun: begun.get(one.sender) ?? 0 }))
        .sort(
          (a, b) =>
            a.begun - b.begun ||
            sizeOf(a.sender) - sizeOf(b.sender) ||
            countReceives(a.record) - countReceives(b.record),
        );
    },

    async whileBegun<T>({ sender, record: { messageId } }: Suspicion, act: () => Promise<T>): Promise<T> {
      const isNoted = await attempt(
        unfinished.begin(sender, messageId, clock()).then(() => true),
        false,
      );
      try {
        return await act();
      } finally {
        if (isNoted) await attempt(unfinished.end(sender, messageId, clock()), undefined);
      }
    },
  };
}

export function comesAgain(record: SQSRecord): boolean {
  return countReceives(record) > 1;
}

function countReceives({ attributes }: SQSRecord): number {
  return Number(attributes.ApproximateReceiveCount);
}
