import { createHash } from 'node:crypto';
import { type AccountKey, home, type ThingKey } from '../domain/thing-ref';

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** Shards of the indexes: a partition accepts 1,000 writes a second, so eight are enough for a storm. */
export const shards = 8;

export function shardOf(thingName: ThingKey): number {
  return createHash('sha256').update(thingName).digest().readUInt8(0) % shards;
}

const thingPrefix = 'THING#';

/** All that is kept of a thing has this partition key. */
export function partitionOf(thingName: ThingKey): string {
  return `${thingPrefix}${thingName}`;
}

/** Only `partitionOf` wrote it. */
export function thingOf(pk: unknown): ThingKey {
  return String(pk).slice(thingPrefix.length) as ThingKey;
}

export function caseKey(thingName: ThingKey): ItemKey {
  return { pk: partitionOf(thingName), sk: 'CASE' };
}

/** The key of an object in an account: a policy of the same name in another one is another object. */
export function leaseKey(object: string, account: AccountKey = home): ItemKey {
  return { pk: `HOLD#${account}${object}`, sk: 'HOLD' };
}

/** Key of a closed case. Those of a thing sort by their time. */
export function closedKey(thingName: ThingKey, closedAt: number, caseId: string): ItemKey {
  return { pk: partitionOf(thingName), sk: `CLOSED#${writeTime(closedAt)}#${caseId}` };
}

/** The id in such a key, for a case whose item can't be read. */
export function closedIdOf(sk: string): string {
  return sk.replace(/^CLOSED#\d*#/, '');
}

export function refusalKey(thingName: ThingKey, requestId: string): ItemKey {
  return { pk: partitionOf(thingName), sk: `REFUSAL#${requestId}` };
}

/** Key of a channel state. It sorts after the rows of the timeline, which begin with a digit. */
export function channelKey(channel: string, caseId: string): ItemKey {
  return { pk: `CASE#${caseId}`, sk: channel.toUpperCase() };
}

/** True for a row of the timeline, false for a channel state. */
export function isTimelineRow(sk: string): boolean {
  return /^\d/.test(sk);
}

export function detectKey(thingName: ThingKey): ItemKey {
  return { pk: partitionOf(thingName), sk: 'DETECT' };
}

/** Key of a sender whose messages crashed detect. */
export function unfinishedMessagesKey(sender: string): ItemKey {
  return { pk: `SENDER#${sender}`, sk: 'BEGUN' };
}

/** Under this key the index has the rows of a day that people caused. */
export function auditKey(at: number): string {
  return `AUDIT#${new Date(at).toISOString().slice(0, 10)}`;
}

/** Fifteen digits, so the keys sort by time. */
export function writeTime(at: number): string {
  return String(Math.max(0, Math.trunc(at))).padStart(15, '0');
}
