import type { QueryCommandInput, QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { ItemKey } from './keys';

/** What a page adds to its query. */
export type PageInput = Pick<QueryCommandInput, 'ExclusiveStartKey' | 'Limit'>;

/**
 * Follows the pages of a query or scan, to its end or until `limit` are found: a page ends at 1 MB (DynamoDB developer
 * guide, "Paginating table query results"). `behind`: the item after which the first page begins.
 */
export async function readPages<T>(
  readPage: (page: PageInput) => Promise<Pick<QueryCommandOutput, 'Items' | 'LastEvaluatedKey'>>,
  limit = Number.POSITIVE_INFINITY,
  behind?: ItemKey,
): Promise<T[]> {
  const found: T[] = [];
  let from: PageInput['ExclusiveStartKey'] = behind;
  do {
    const { Items = [], LastEvaluatedKey } = await readPage({
      ...(Number.isFinite(limit) && { Limit: limit - found.length }),
      ExclusiveStartKey: from,
    });
    found.push(...(Items as T[]));
    from = LastEvaluatedKey;
  } while (from && found.length < limit);
  return found;
}
