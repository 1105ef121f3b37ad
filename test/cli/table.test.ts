import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import dynalite from 'dynalite';
import { exportCase } from '../../cli/cases/export';
import { verifyCase } from '../../cli/cases/verify';
import { runReplay } from '../../cli/replay/run';
import { thingKey } from '../../shared/domain/thing-ref';
import { connectTable } from '../../shared/storage/table';
import { now } from '../builders';
import { alarm, anEngine, operator } from '../functions/respond/story';
import { aWorld } from '../world';

/** What respond wrote to a real table, as the CLI reads it. */
const TableName = 'cordon-dev';
const server = dynalite({ createTableMs: 0 });
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;
let table: ReturnType<typeof connectTable>;
let caseIds: string[];

beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  client = new DynamoDBClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  documents = DynamoDBDocumentClient.from(client);
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: ['pk', 'sk'].map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  table = connectTable(TableName, client);
  caseIds = await playTwoCases();
});

afterAll(async () => {
  client.destroy();
  server.close();
  await once(server, 'close');
});

/** A thing that was contained and released, and is contained again. */
async function playTwoCases(): Promise<string[]> {
  const world = aWorld();
  world.live.sessions.clear();
  Object.assign(world.ports, { cases: table.cases });
  const engine = anEngine(world);
  const ids: string[] = [];
  const steps = [alarm(), operator('release'), alarm({ violationId: 'v2', occurredAt: now + 120_000 })];
  for (const [index, command] of steps.entries()) {
    world.time.now = now + index * 60_000;
    await engine(command);
    ids.push((await table.cases.load(thingKey('mything1')))?.value.caseId ?? '');
  }
  return [...new Set(ids)];
}

describe('what respond wrote', () => {
  it('is found whole: the open case by its thing, and the closed one by its id', async () => {
    const [closed = '', open = ''] = caseIds;

    expect(await verifyCase('mything1', table)).toBe(
      `case ${open} of mything1 (contained): 8 entries in 1 row, chain whole`,
    );
    expect(await verifyCase(closed, table)).toBe(
      `case ${closed} of mything1 (closed): 12 entries in 2 rows, chain whole`,
    );
  });

  it('is exported', async () => {
    const { text, whole } = await exportCase(caseIds[0] ?? '', 'ocsf', '0.1.0', table);

    expect(whole).toBe(true);
    expect(JSON.parse(text)).toMatchObject({ activity_id: 3, status: 'Resolved', time: now + 60_000 });
  });

  it('is replayed, each case once', async () => {
    const flags = {
      since: 3_600_000,
      present: join(import.meta.dirname, '..', '..', 'cordon.yml'),
      json: true,
    };
    const ports = { openTarget: async () => table, clock: () => now + 180_000, say: () => {} };

    expect(JSON.parse(await runReplay(undefined, flags, ports))).toMatchObject({
      alerts: 2,
      things: 1,
      candidate: { contained: 1, containments: 1 },
    });
  });

  it('is found broken if a row was changed, or is gone', async () => {
    const [closed = '', open = ''] = caseIds;
    const [first] = await table.history.readTimeline(closed);
    const [only] = await table.history.readTimeline(open);
    await documents.send(
      new UpdateCommand({
        TableName,
        Key: { pk: `CASE#${closed}`, sk: first?.sk },
        UpdateExpression: 'SET entries[0].#what = :lie',
        ExpressionAttributeNames: { '#what': 'what' },
        ExpressionAttributeValues: { ':lie': 'nothing' },
      }),
    );
    await documents.send(new DeleteCommand({ TableName, Key: { pk: `CASE#${open}`, sk: only?.sk } }));

    await expect(verifyCase(closed, table)).rejects.toThrow(
      `case ${closed} of mything1 (closed): 2 rows, chain BROKEN\n  ${first?.sk}: the row was changed`,
    );
    await expect(verifyCase('mything1', table)).rejects.toThrow('0 rows, chain BROKEN');
  });
});
