import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { QueryCommand, type QueryCommandInput, type QueryCommandOutput } from '@aws-sdk/lib-dynamodb';
import { IndexNotBuiltError } from '../errors';

/** While it is built, and before. */
function isNotBuilt(error: unknown): boolean {
  return error instanceof Error && error.name === 'ValidationException' && /index/i.test(error.message);
}

/** For a list that no other index can serve. */
export function refuseUnbuilt(error: unknown): never {
  throw isNotBuilt(error) ? new IndexNotBuiltError(error) : error;
}

/**
 * Queries of the index with the outlines. After an upgrade, DynamoDB takes a while to build it. Until then the index of
 * earlier releases serves, which has the same items without their outlines.
 */
export function openStatusIndex(documents: DynamoDBDocumentClient, TableName: string) {
  return async (input: Omit<QueryCommandInput, 'TableName' | 'IndexName'>): Promise<QueryCommandOutput> => {
    const ask = (IndexName: string) => documents.send(new QueryCommand({ TableName, IndexName, ...input }));
    try {
      return await ask('caseList');
    } catch (error) {
      if (isNotBuilt(error)) return ask('byStatus');
      throw error;
    }
  };
}
