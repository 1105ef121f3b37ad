import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import { writeTable } from '../../../infra/template/table';
import type { Case } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { CaseQuery } from '../../../shared/storage/case-list';
import { connectTable } from '../../../shared/storage/table';
import { flushed } from '../../builders';
import { aContainedCase } from '../../cli/stored-cases';
import { startTestStack } from '../../local/aws/gateway/local-aws';

export const contained = aContainedCase().record;

/** DynamoDB of a local stack, with tables as the template has them. */
export async function startTables() {
  const stack = await startTestStack();
  const client = new DynamoDBClient(stack.clientConfig());

  /** A table with these cases; without the index of lists, it is one of an earlier release. */
  async function openTable(TableName: string, records: readonly Case[], withList = true) {
    const { Properties } = writeTable(TableName).Table ?? {};
    const { GlobalSecondaryIndexes: all, AttributeDefinitions, KeySchema, BillingMode } = Properties as never;
    const indexes = all as { IndexName: string }[];
    const GlobalSecondaryIndexes = indexes.filter(({ IndexName }) => withList || IndexName !== 'caseList');
    const definition = { AttributeDefinitions, KeySchema, BillingMode, GlobalSecondaryIndexes };
    await client.send(new CreateTableCommand({ TableName, ...definition } as never));
    await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.05 } as never, {
      TableName,
    });
    const table = connectTable(TableName, client);
    for (const record of records)
      if (record.status === 'closed') await table.cases.archive(record);
      else await table.cases.save(record, 0);
    return table;
  }

  return { client, openTable, close: () => stack.close() };
}

type Table = Awaited<ReturnType<Awaited<ReturnType<typeof startTables>>['openTable']>>;

export function aCaseOf(name: string, over: Partial<Case> = {}): Case {
  return flushed({ ...contained, thingName: thingKey(name), ...over } as Case);
}

/** All pages, by the names of their things. */
export async function readPages({ list }: Table, query: Omit<CaseQuery, 'cursor'>): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list.page({ ...query, cursor });
    pages.push(page.cases.map(({ thingName }) => thingName));
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}

/** More things than a page of the tests has. */
export const names = Array.from({ length: 57 }, (_, index) => `thing-${String(index).padStart(2, '0')}`);
