import { createHash } from 'node:crypto';
import { parseJson } from '../domain/json';
import type { ThingKey } from '../domain/thing-ref';
import { parseThing } from '../domain/thing-ref';
import { CursorError } from '../errors';
import { shards } from './items';

/** The last case of a shard that was looked at. */
export interface ShardPosition {
  readonly updatedAt: number;
  readonly thingName: ThingKey;
  readonly sk: string;
}

/** Where a list goes on: in which of its statuses, and behind which case of each shard. */
export interface ListPosition {
  readonly statusIndex: number;
  /** By shard: `end` where nothing is left in this status. */
  readonly shards: readonly (ShardPosition | 'start' | 'end')[];
}

const version = 1;

/**
 * A position as text. It names positions and nothing else: whose partitions they are in comes from the query that it is
 * given with, so a forged one finds nothing that its bearer may not list anyway.
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
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  if (!Array.isArray(parsed) || parsed.length !== 4) throw new CursorError('is none of this list');
  const [found, of, statusIndex, written] = parsed;
  if (found !== version || typeof of !== 'string' || !Array.isArray(written) || written.length !== shards)
    throw new CursorError('is none of this list');
  if (of !== hash(query)) throw new CursorError('is of a list with another filter: begin without a cursor');
  if (!Number.isInteger(statusIndex) || statusIndex < 0 || statusIndex >= statuses)
    throw new CursorError('is none of this list');
  return { statusIndex, shards: written.map(readPosition) };
}

function readPosition(value: unknown): ListPosition['shards'][number] {
  if (value === 0) return 'start';
  if (value === 1) return 'end';
  const [updatedAt, name, sk] = Array.isArray(value) ? value : [];
  const thingName = parseThing(name);
  if (
    !Number.isSafeInteger(updatedAt) ||
    updatedAt < 0 ||
    !thingName ||
    typeof sk !== 'string' ||
    !isCaseKey(sk)
  )
    throw new CursorError('is none of this list');
  return { updatedAt, thingName, sk };
}

/** Behind which of its earlier cases the list of a thing goes on. */
export function writeClosedCursor(thingName: ThingKey, sk: string): string {
  return Buffer.from(JSON.stringify([version, hash(thingName), sk])).toString('base64url');
}

/** The key of the case. Throws CursorError for anything but what `writeClosedCursor` wrote for the same thing. */
export function readClosedCursor(thingName: ThingKey, cursor: string): string {
  const parsed = parseJson(Buffer.from(cursor, 'base64url').toString('utf8'));
  const [found, of, sk] = Array.isArray(parsed) ? parsed : [];
  if (found !== version || typeof sk !== 'string' || !closedKey.test(sk))
    throw new CursorError('is none of this list');
  if (of !== hash(thingName)) throw new CursorError('is of another thing: begin without a cursor');
  return sk;
}

const closedKey = /^CLOSED#\d{15}#[a-zA-Z0-9:_-]{1,128}$/;

/** Of the newest case of a thing, or of an earlier one. */
function isCaseKey(sk: string): boolean {
  return sk === 'CASE' || closedKey.test(sk);
}

function hash(query: string): string {
  return createHash('sha256').update(query).digest('base64url').slice(0, 10);
}
