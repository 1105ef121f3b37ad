import type { Case } from '../domain/case/case';
import type { ThingKey } from '../domain/thing-ref';
import type { Clock } from '../ports/runtime';
import { readClosedCursor, writeClosedCursor } from './case-cursor';
import { type CaseItem, readCase } from './case-item';
import { type connectItems, hasExpired } from './items';
import { type ItemKey, partitionOf } from './keys';

type Items = Pick<ReturnType<typeof connectItems>, 'queryAll'>;

export interface ClosedPage {
  /** Newest first. Expired ones are left out, so a page may have fewer than asked for. */
  readonly cases: readonly Case[];
  /** The cursor of the next page; absent at the end of the list. */
  readonly next?: string;
}

/** Closed cases of a thing, for people, newest first. Expired ones are left out. */
export function openClosedCases({ queryAll }: Items, clock: Clock) {
  const isKept = (item: object) => !hasExpired(item, clock());

  return {
    /** At most `limit`. */
    async listClosed(thingName: ThingKey, limit?: number): Promise<Case[]> {
      const items = await queryAll<CaseItem>(closedOf(thingName), limit);
      return items.filter(isKept).map(readCase);
    },

    /** A page of them. Throws CursorError. */
    async pageClosed(thingName: ThingKey, limit: number, cursor?: string): Promise<ClosedPage> {
      const behind = cursor === undefined ? undefined : readClosedCursor(thingName, cursor);
      // One more says whether there is a next page.
      const items = await queryAll<CaseItem & ItemKey>(
        closedOf(thingName),
        limit + 1,
        behind === undefined ? undefined : { pk: partitionOf(thingName), sk: behind },
      );
      const shown = items.slice(0, limit);
      const last = shown.at(-1);
      return {
        cases: shown.filter(isKept).map(readCase),
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
