import { createHash } from 'node:crypto';
import type { CaseStatus } from '../domain/case/status';
import { parseJson } from '../domain/json';
import type { Urgency } from '../domain/lists/urgency';
import type { Severity } from '../domain/severity';
import { severities } from '../domain/severity';
import type { ThingKey } from '../domain/thing-ref';
import { parseThing } from '../domain/thing-ref';
import { CursorError } from '../errors';
import { shards } from './keys';

/** The last case of a shard that was looked at. */
export interface ShardPosition {
  readonly updatedAt: number;
  readonly thingName: ThingKey;
  readonly sk: string;
}

/** Where a list continues: in which of its statuses, and after which case of each shard. */
export interface ListPosition {
  readonly statusIndex: number;
  /** By shard: `end` if nothing is left in this status. */
  readonly shards: readonly (ShardPosition | 'start' | 'end')[];
}

/** Where a list by urgency continues. */
export interface UrgencyPosition {
  /** The time by which the list judges what is urgent (epoch ms). */
  readonly at: number;
  readonly statusIndex: number;
  /** After this place in the status; without one, at its beginning. */
  readonly after?: Urgency | undefined;
}

const version = 1;
const urgencyVersion = 2;

/**
 * A position as text. The partitions come from the query, not from the cursor, so a forged cursor finds nothing that
 * the caller may not list anyway.
 */
export function writeCursor({ statusIndex, shards: positions }: ListPosition, query: string): string {
  const written = positions.map((one) =>
    one === 'start' ? 0 : one === 'end' ? 1 : [one.updatedAt, one.thingName, one.sk],
  );
  const text = JSON.stringify([version, hash(query), statusIndex, written]);
  return Buffer.from(text).toString('base64url');
}

/** Throws CursorError for anything but what `writeCursor` wrote for the same query. */
export function readCursor(cursor: string, query: string, statuses: number): ListPosition {
  const [statusIndex, written] = readParts(cursor, query, version);
  if (!isIndex(statusIndex, statuses) || !Array.isArray(written) || written.length !== shards)
    throw new CursorError(foreign);
  return { statusIndex, shards: written.map(readPosition) };
}

/**
 * Writes a cursor like `writeCursor`. With a forged one, a list begins elsewhere among what the caller may list anyway.
 */
export function writeUrgencyCursor({ at, statusIndex, after }: UrgencyPosition, query: string): string {
  const place = after ? [after.severity, after.expiresAt ?? null, after.openedAt, after.thingName] : null;
  const text = JSON.stringify([urgencyVersion, hash(query), statusIndex, [at, place]]);
  return Buffer.from(text).toString('base64url');
}

/** Throws CursorError for anything but what `writeUrgencyCursor` wrote for the same query. */
export function readUrgencyCursor(
  cursor: string,
  query: string,
  statuses: readonly CaseStatus[],
): UrgencyPosition {
  const [statusIndex, written] = readParts(cursor, query, urgencyVersion);
  const [at, place] = Array.isArray(written) && written.length === 2 ? written : [];
  const status = isIndex(statusIndex, statuses.length) ? statuses[statusIndex] : undefined;
  if (!status || !isTime(at)) throw new CursorError(foreign);
  return {
    at,
    statusIndex: statuses.indexOf(status),
    ...(place !== null && { after: readPlace(place, status) }),
  };
}

function readPlace(value: unknown, status: CaseStatus): Urgency {
  const [severity, expiresAt, openedAt, name] = Array.isArray(value) && value.length === 4 ? value : [];
  const thingName = parseThing(name);
  if (!isSeverity(severity) || !isTime(openedAt) || !thingName || (expiresAt !== null && !isTime(expiresAt)))
    throw new CursorError(foreign);
  return { status, severity, ...(expiresAt !== null && { expiresAt }), openedAt, thingName };
}

const foreign = 'is none of this list';

/** The content of a cursor after its version and the hash of its query. */
function readParts(cursor: string, query: string, expected: number): unknown[] {
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(parsed) || parsed.length !== 4) throw new CursorError(foreign);
  const [found, of, ...parts] = parsed;
  if ((found !== version && found !== urgencyVersion) || typeof of !== 'string')
    throw new CursorError(foreign);
  if (of !== hash(query))
    throw new CursorError('is of a list with another filter or order: begin without a cursor');
  if (found !== expected) throw new CursorError(foreign);
  return parts;
}

function isIndex(value: unknown, length: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < length;
}

function isTime(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isSeverity(value: unknown): value is Severity {
  return (severities as readonly unknown[]).includes(value);
}

function readPosition(value: unknown): ListPosition['shards'][number] {
  if (value === 0) return 'start';
  if (value === 1) return 'end';
  const [updatedAt, name, sk] = Array.isArray(value) ? value : [];
  const thingName = parseThing(name);
  if (!isTime(updatedAt) || !thingName || typeof sk !== 'string' || !isCaseKey(sk))
    throw new CursorError(foreign);
  return { updatedAt, thingName, sk };
}

/** The earlier case of a thing after which the list continues. */
export function writeClosedCursor(thingName: ThingKey, sk: string): string {
  return Buffer.from(JSON.stringify([version, hash(thingName), sk])).toString('base64url');
}

/** The key of the case. Throws CursorError for anything but what `writeClosedCursor` wrote for the same thing. */
export function readClosedCursor(thingName: ThingKey, cursor: string): string {
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  const [found, of, sk] = Array.isArray(parsed) ? parsed : [];
  if (found !== version || typeof sk !== 'string' || !closedKey.test(sk)) throw new CursorError(foreign);
  if (of !== hash(thingName)) throw new CursorError('is of another thing: begin without a cursor');
  return sk;
}

const closedKey = /^CLOSED#\d{15}#[a-zA-Z0-9:_-]{1,128}$/;

/** Whether it is the key of the newest case of a thing, or of an earlier one. */
function isCaseKey(sk: string): boolean {
  return sk === 'CASE' || closedKey.test(sk);
}

function hash(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 10);
}
