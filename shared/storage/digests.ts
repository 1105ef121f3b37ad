import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { DigestSpan } from '../domain/lists/digest';
import type { ListedCase } from '../domain/lists/outline';
import type { Versioned } from '../ports/storage';
import { connectItems } from './items';
import { listOutlined } from './outlined-cases';
import { withoutEarlier } from './without-earlier';

/** Until when cases were announced, and the digest that is being announced. */
export interface DigestState {
  readonly until: number;
  readonly seq: number;
  readonly telling?: DigestSpan;
}

export interface Digests {
  load(): Promise<Versioned<DigestState> | undefined>;
  save(state: DigestState, previous: number): Promise<number>;
  /** Cases that were recorded for a digest within that time and hold nothing, with their present state. */
  list(span: DigestSpan): Promise<ListedCase[]>;
}

const key = { pk: 'DIGEST', sk: 'STATE' };
const statuses = ['observed', 'closed'] as const;

export function connectDigests(tableName: string, client?: DynamoDBClient): Digests {
  const items = connectItems(tableName, client);
  const { load, save } = items;

  return {
    load: () => load<DigestState>(key),
    save: (state, previous) => save(key, state, previous),
    async list({ from, to }) {
      const found = await Promise.all(statuses.map((status) => listOutlined(items, status, from)));
      return withoutEarlier(found.flat())
        .filter(
          ({ digestAt, containedAt }) =>
            digestAt !== undefined && digestAt > from && digestAt <= to && containedAt === undefined,
        )
        .toSorted((a, b) => (a.digestAt ?? 0) - (b.digestAt ?? 0));
    },
  };
}
