import type { ListPosition, ShardPosition } from './case-cursor';
import { shards } from './keys';

/** A part of the rows of a status, newest first. Some of them were already read. */
export interface Shard<R extends ShardPosition> {
  readonly index: number;
  buffer: R[];
  /** The last row that was taken. */
  position: ListPosition['shards'][number];
  /** Whether the table has nothing behind the buffer. */
  isDrained: boolean;
}

/** The shards of a status, from a position of a list or from the beginning. `since`: earlier rows are not listed. */
export function openShards<R extends ShardPosition>(
  from: ListPosition['shards'] | undefined,
  since: number,
): Shard<R>[] {
  return Array.from({ length: shards }, (_, index) => {
    const known = from?.[index] ?? 'start';
    // The rows after it changed before `since`.
    const position = typeof known === 'object' && known.updatedAt < since ? 'end' : known;
    return { index, buffer: [], position, isDrained: position === 'end' };
  });
}

/** Whether the next row of the shard is known only to the table. */
export function isUnread({ buffer, isDrained }: Shard<ShardPosition>): boolean {
  return buffer.length === 0 && !isDrained;
}

/** Adds what the table has behind the last row. */
export function fill<R extends ShardPosition>(shard: Shard<R>, rows: R[], isDrained: boolean): void {
  shard.buffer = rows;
  shard.isDrained = isDrained;
  if (isDrained && rows.length === 0) shard.position = 'end';
}

/** The time of the last row that was taken: shards are read newest first, side by side. */
export function findLast(open: readonly Shard<ShardPosition>[]): number {
  return Math.min(
    Number.MAX_SAFE_INTEGER,
    ...open.flatMap(({ position }) => (typeof position === 'object' ? [position.updatedAt] : [])),
  );
}

/** The shard whose next row is the newest; none once all are at their end. No shard may be unread. */
export function findNewest<R extends ShardPosition>(open: readonly Shard<R>[]): Shard<R> | undefined {
  return open.reduce<Shard<R> | undefined>((newest, shard) => {
    const [first] = shard.buffer;
    const [best] = newest?.buffer ?? [];
    return first && (!best || first.updatedAt > best.updatedAt) ? shard : newest;
  }, undefined);
}

export function take<R extends ShardPosition>(shard: Shard<R>): R | undefined {
  const taken = shard.buffer.shift();
  if (!taken) return undefined;
  const { updatedAt, thingName, sk } = taken;
  const isLast = shard.isDrained && shard.buffer.length === 0;
  shard.position = isLast ? 'end' : { updatedAt, thingName, sk };
  return taken;
}
