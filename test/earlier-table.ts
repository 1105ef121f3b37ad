import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { mockClient } from './mock-client';

/** An item of Cordon's table, as DynamoDB returns it. */
export interface EarlierItem {
  readonly pk: string;
  readonly sk: string;
  readonly value?: unknown;
  readonly [attribute: string]: unknown;
}

/**
 * The table that an earlier release (commit a630496) wrote on the local stack: cases in every status that lasts, what they
 * hold, their timelines, and the detector's state. One item a line; nothing in it was edited.
 */
export const earlierItems: readonly EarlierItem[] = readFileSync(
  join(import.meta.dirname, 'fixtures', 'table-in-words.jsonl'),
  'utf8',
)
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line));

/** A client whose table has these items, for reads by key and of a partition. */
export function earlierClient(items: readonly EarlierItem[] = earlierItems): DynamoDBClient {
  const find = ({ pk, sk }: Record<string, unknown> = {}) =>
    items.find((item) => item.pk === pk && item.sk === sk);
  mockClient(DynamoDBDocumentClient)
    .on(GetCommand)
    .callsFake(({ Key }) => ({ Item: structuredClone(find(Key)) }))
    .on(BatchGetCommand)
    .callsFake(({ RequestItems }) => {
      const asked: [string, { Keys: Record<string, unknown>[] }][] = Object.entries(RequestItems);
      return {
        Responses: Object.fromEntries(
          asked.map(([table, { Keys }]) => [table, Keys.flatMap((key) => find(key) ?? [])]),
        ),
      };
    })
    .on(QueryCommand)
    .callsFake(({ ExpressionAttributeValues: values }) => ({
      Items: items.filter(({ pk, sk }) =>
        values[':closed'] === undefined
          ? pk === values[':case'] && sk >= values[':first'] && sk <= values[':last']
          : pk === values[':thing'] && sk.startsWith(values[':closed']),
      ),
    }));
  return new DynamoDBClient({ region: 'us-east-1' });
}
