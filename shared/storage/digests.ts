import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DigestSpan } from '../domain/lists/digest';
import type { CaseOutline, ListedCase } from '../domain/lists/outline';
import type { Versioned } from '../ports';
import { connectItems } from './items';
import { shards } from './keys';

/** Until when cases were told of, and the digest that is being told. */
export interface DigestState {
  readonly until: number;
  readonly seq: number;
  readonly telling?: DigestSpan;
}

export interface Digests {
  load(): Promise<Versioned<DigestState> | undefined>;
  save(state: DigestState, previous: number): Promise<number>;
  /** Cases that were put into a digest in that time and are not held, as they are now. */
  list(span: DigestSpan): Promise<ListedCase[]>;
}

const key = { pk: 'DIGEST', sk: 'STATE' };
const statuses = ['observed', 'closed'] as const;

export function connectDigests(tableName: string, client?: DynamoDBClient): Digests {
  const { documents, load, save } = connectItems(tableName, client);

  async function readShard(status: (typeof statuses)[number], shard: number, from: number) {
    const found: ListedCase[] = [];
    let start: Record<string, unknown> | undefined;
    do {
      const { Items = [], LastEvaluatedKey } = await documents.send(
        new QueryCommand({
          TableName: tableName,
          IndexName: 'caseList',
          KeyConditionExpression: 'statusKey = :key AND updatedAt >= :from',
          ExpressionAttributeValues: { ':key': `STATUS#${status}#${shard}`, ':from': from },
          ExclusiveStartKey: start,
        }),
      );
      // An earlier release wrote no outline, and put no case into a digest.
      for (const { thingName, caseId, severity, updatedAt, outline } of Items)
        if (outline)
          found.push({ thingName, caseId, status, severity, updatedAt, ...(outline as CaseOutline) });
      start = LastEvaluatedKey;
    } while (start);
    return found;
  }

  return {
    load: () => load<DigestState>(key),
    save: (state, previous) => save(key, state, previous),
    async list({ from, to }) {
      const found = await Promise.all(
        statuses.flatMap((status) =>
          Array.from({ length: shards }, (_, shard) => readShard(status, shard, from)),
        ),
      );
      return found
        .flat()
        .filter(
          ({ digestAt, containedAt }) =>
            digestAt !== undefined && digestAt > from && digestAt <= to && containedAt === undefined,
        )
        .toSorted((a, b) => (a.digestAt ?? 0) - (b.digestAt ?? 0));
    },
  };
}
