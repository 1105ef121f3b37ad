import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Case, ClosedCase } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { connectDigests } from '../../../shared/storage/digests';
import { connectStormList, connectStorms } from '../../../shared/storage/storms';
import { flushed, now } from '../../builders';
import { aReleasedCase } from '../../cli/stored-cases';
import { mockClient } from '../../mock-client';
import { aCaseOf, contained, startTables } from './a-table';

const released = aReleasedCase().record as ClosedCase;
let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables();
});

afterAll(() => tables.close());

it('the digest finds the recorded cases of a period, open or closed, and none that was contained', async () => {
  const at = (digestAt: number) => ({ digestAt, updatedAt: digestAt });
  const bare = { ledger: [], status: 'observed' } as const;
  const { containedAt: _containedAt, ...observed } = contained;
  const record = (name: string, digestAt: number) =>
    flushed({ ...observed, ...bare, ...at(digestAt), thingName: thingKey(name) } as Case);
  const { containedAt: _was, ...ended } = released;
  await tables.openTable('digests', [
    record('before', now - 100),
    record('first', now),
    flushed({ ...ended, ...at(now + 10), thingName: thingKey('closed') } as Case),
    aCaseOf('contained', at(now + 20)),
    record('last', now + 30),
    record('after', now + 31),
  ]);

  const found = await connectDigests('digests', tables.client).list({
    seq: 1,
    from: now - 100,
    to: now + 30,
  });

  expect(found.map(({ thingName, status }) => [thingName, status])).toEqual([
    ['first', 'observed'],
    ['closed', 'closed'],
    ['last', 'observed'],
  ]);
});

it('cases of a storm join it from many runs at once, and the sweep finds it with all open cases and those closed since', async () => {
  await tables.openTable('storms', [
    aCaseOf('old', { updatedAt: now - 1_000 }),
    flushed({ ...released, thingName: thingKey('closed-before'), closedAt: now - 1_000 } as Case),
    flushed({ ...released, thingName: thingKey('closed-since'), closedAt: now } as Case),
  ]);
  const limit = { cases: 5, within: 600_000 };
  const storms = connectStorms('storms', limit, tables.client);
  const at = Date.now();
  const joined = await Promise.all(
    Array.from({ length: 12 }, (_, index) =>
      storms.join('net/ports', { thingName: thingKey(`thing-${index}`), caseId: `case-${index}`, at }),
    ),
  );
  const ids = [...new Set(joined)].filter((id) => id !== undefined);
  const [id = ''] = ids;

  expect(ids).toHaveLength(1);
  expect(joined.filter((one) => one === undefined)).toHaveLength(5);
  expect(await storms.covers({ behavior: 'net/ports', id })).toBe(true);
  expect(await storms.covers({ behavior: 'other/ports', id })).toBe(false);

  const list = connectStormList('storms', tables.client);
  const [stored] = await list.list();
  expect(stored).toMatchObject({
    behavior: 'net/ports',
    value: { opened: [], storms: [{ id, since: at, lastAt: at }] },
  });
  const found = await list.listCases(now);
  expect(found.map(({ thingName, status }) => [thingName, status]).toSorted()).toEqual([
    ['closed-since', 'closed'],
    ['old', 'contained'],
  ]);

  const version = await list.save('net/ports', { opened: [], storms: [] }, stored?.version ?? 0, at);
  await expect(list.save('net/ports', { opened: [], storms: [] }, version - 1, at)).rejects.toThrow();
  expect(await storms.covers({ behavior: 'net/ports', id })).toBe(false);
}, 60_000);

it('the digest has a case once that is closed between the reads of the open and the closed', async () => {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' }));
  const row = (updatedAt: number) => ({
    ...{ thingName: 'moved', caseId: 'case-1', severity: 'high', updatedAt },
    outline: { openedAt: now, behaviors: [], digestAt: now },
  });
  mockClient(DynamoDBDocumentClient)
    .on(QueryCommand)
    .callsFake(({ ExpressionAttributeValues }) => {
      const [, status, shard] = ExpressionAttributeValues[':key'].split('#');
      return { Items: shard === '0' ? [row(status === 'closed' ? now + 2 : now + 1)] : [] };
    });

  const found = await connectDigests('t', client).list({ seq: 1, from: now - 1, to: now });

  expect(found.map(({ caseId, status }) => [caseId, status])).toEqual([['case-1', 'closed']]);
});
