import fc from 'fast-check';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { ListPosition, ShardPosition } from '../../../shared/storage/case-cursor';
import { shards } from '../../../shared/storage/keys';
import {
  fill,
  findLast,
  findNewest,
  isUnread,
  openShards,
  type Shard,
  take,
} from '../../../shared/storage/shard-merge';

type Stored = readonly (readonly ShardPosition[])[];

/** The rows of a shard behind its position, as a query of the table returns them. */
function query(rows: readonly ShardPosition[], { position }: Shard<ShardPosition>, limit: number) {
  const start = typeof position === 'object' ? rows.findIndex(({ sk }) => sk === position.sk) + 1 : 0;
  const found = rows.slice(start, start + limit);
  return { found, isLast: start + found.length === rows.length };
}

/** A page of the merged rows, and the positions behind it. */
function readPage(stored: Stored, from: ListPosition['shards'] | undefined, limit: number, chunk: number) {
  const open = openShards<ShardPosition>(from, 0);
  const page: ShardPosition[] = [];
  for (;;) {
    for (const shard of open.filter(isUnread)) {
      const { found, isLast } = query(stored[shard.index] ?? [], shard, chunk);
      fill(shard, found, isLast);
    }
    const newest = findNewest(open);
    if (!newest) return { page, next: undefined };
    if (page.length === limit) return { page, next: open.map(({ position }) => position) };
    const row = take(newest);
    if (row) page.push(row);
  }
}

const row = (sk: string, updatedAt: number): ShardPosition => ({
  sk,
  updatedAt,
  thingName: thingKey(`thing-${sk}`),
});

/** Rows with few different times, each in a shard, newest first there. */
const aStore = fc
  .array(fc.tuple(fc.nat(shards - 1), fc.nat(9)), { maxLength: 60 })
  .map((places) =>
    Array.from({ length: shards }, (_, index) =>
      places
        .flatMap(([shard, updatedAt], at) => (shard === index ? [row(String(at), updatedAt)] : []))
        .toSorted((one, other) => other.updatedAt - one.updatedAt),
    ),
  );

describe('merged shards', () => {
  it('have each row once over all pages, the newest first, however long a page and a read are', async () => {
    await fc.assert(
      fc.property(
        aStore,
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 8 }),
        (store, limit, chunk) => {
          const pages: ShardPosition[][] = [];
          let from: ListPosition['shards'] | undefined;
          do {
            const { page, next } = readPage(store, from, limit, chunk);
            pages.push(page);
            from = next;
          } while (from);

          const merged = pages.flat();
          const times = merged.map(({ updatedAt }) => updatedAt);
          expect(times).toEqual(times.toSorted((one, other) => other - one));
          expect(merged.map(({ sk }) => sk).toSorted()).toEqual(
            store
              .flat()
              .map(({ sk }) => sk)
              .toSorted(),
          );
          expect(pages.slice(0, -1).every((page) => page.length === limit)).toBe(true);
        },
      ),
    );
  });

  it('are drained if what follows is older than what is kept', () => {
    const positions = Array.from({ length: shards }, (_, index) => row(String(index), index));

    const open = openShards(positions, 3);

    expect(open.map(({ isDrained }) => isDrained)).toEqual(positions.map(({ updatedAt }) => updatedAt < 3));
    expect(open.filter(isUnread).map(({ index }) => index)).toEqual([3, 4, 5, 6, 7]);
  });

  it('know the time of the last row taken of any shard', () => {
    const open = openShards(
      [row('a', 7), 'start', row('b', 5), 'end', 'start', 'start', 'start', 'start'],
      0,
    );

    expect(findLast(open)).toBe(5);
    expect(findLast(openShards(undefined, 0))).toBe(Number.MAX_SAFE_INTEGER);
  });
});
