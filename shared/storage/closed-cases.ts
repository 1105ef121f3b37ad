import type { Case } from '../domain/case/case';
import type { ThingKey } from '../domain/thing-ref';
import type { Clock } from '../ports/runtime';
import { readClosedCursor, writeClosedCursor } from './case-cursor';
import { type CaseItem, readUndamaged } from './case-item';
import { type connectItems, hasExpired } from './items';
import { closedIdOf, type ItemKey, partitionOf } from './keys';

type Items = Pick<ReturnType<typeof connectItems>, 'queryAll'>;

/** Newest first. Expired ones are left out, so there may be fewer than asked for. */
export interface ClosedCases {
  readonly cases: readonly Case[];
  /** The ids of cases that can't be read: one damaged item must not hide the others, nor itself. */
  readonly damaged: readonly string[];
}

export interface ClosedPage extends ClosedCases {
  /** The cursor of the next page; absent at the end of the list. */
  readonly next?: string;
}

/** Closed cases of a thing, for people. */
export function openClosedCases({ queryAll }: Items, clock: Clock) {
  type ClosedItem = CaseItem & ItemKey;
  const read = (items: readonly ClosedItem[]): ClosedCases => {
    const { cases, damaged } = readUndamaged(items.filter((item: object) => !hasExpired(item, clock())));
    return { cases, damaged: damaged.map(({ sk }) => closedIdOf(sk)) };
  };

  return {
    /** At most `limit`. */
    async listClosed(thingName: ThingKey, limit?: number): Promise<ClosedCases> {
      return read(await queryAll<ClosedItem>(closedOf(thingName), limit));
    },

    /** A page of them. Throws CursorError. */
    async pageClosed(thingName: ThingKey, limit: number, cursor?: string): Promise<ClosedPage> {
      const behind = cursor === undefined ? undefined : readClosedCursor(thingName, cursor);
      // One more says whether there is a next page.
      const items = await queryAll<ClosedItem>(
        closedOf(thingName),
        limit + 1,
        behind === undefined ? undefined : { pk: partitionOf(thingName), sk: behind },
      );
      const shown = items.slice(0, limit);
      const last = shown.at(-1);
      return {
        ...read(shown),
        ...(items.length > limit && last && { next: writeClosedCursor(thingName, last.sk) }),
      };
    },
  };
}

function closedOf(thingName: ThingKey) {
  return {
    KeyConditionExpression: 'pk = :thing AND begins_with(sk, :closed)',
    ExpressionAttributeValues: { ':thing': partitionOf(thingName), ':closed': 'CLOSED#' },
    ScanIndexForward: false,
  };
}
