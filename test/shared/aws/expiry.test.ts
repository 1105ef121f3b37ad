import { CreateTableCommand, DynamoDBClient, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import {
  DeleteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  ScanCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { verifyCase } from '../../../cli/cases/verify';
import { writeTable } from '../../../infra/template/table';
import type { Case, ClosedCase } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { CaseStore } from '../../../shared/ports/storage';
import { connectChannelStates } from '../../../shared/storage/channel-states';
import { connectTable } from '../../../shared/storage/table';
import { closedCase, now } from '../../builders';
import { advance, alarm } from '../../cli/stored-cases';
import { startTestStack, type TestStack } from '../../local/aws/gateway/local-aws';

const day = 86_400_000;
const keepClosedMs = 400 * day;
let stack: TestStack;
let client: DynamoDBClient;
let documents: DynamoDBDocumentClient;
let time = now;

beforeAll(async () => {
  stack = await startTestStack();
  client = new DynamoDBClient(stack.clientConfig());
  documents = DynamoDBDocumentClient.from(client);
});

afterAll(() => stack.close());

/** A table of its own, as the template has it, and a clock. */
async function openTable(TableName: string) {
  const { Properties } = writeTable(TableName).Table ?? {};
  const { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode } = Properties as never;
  const definition = { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, BillingMode };
  await client.send(new CreateTableCommand({ TableName, ...definition }));
  await waitUntilTableExists({ client, maxWaitTime: 30, minDelay: 0.01, maxDelay: 0.05 } as never, {
    TableName,
  });
  time = now;
  const slack = connectChannelStates({ name: 'slack', tableName: TableName, client, keepClosedMs });
  const table = connectTable(TableName, client, { keepClosedMs, clock: () => time });
  const readItems = async () => {
    const { Items = [] } = await documents.send(new ScanCommand({ TableName }));
    return Items.map(({ sk, expiresAt }) => [sk, expiresAt]).toSorted();
  };
  return { ...table, slack, readItems, TableName };
}

/** Contains a thing and releases it a minute later: two rows, all sent. */
async function containAndRelease(cases: CaseStore): Promise<ClosedCase> {
  const contained = await send(cases, advance(undefined, alarm()), 0);
  const release = { type: 'release', thingName: thingKey('mything1'), actor: 'ada', force: true } as const;
  const released = await send(
    cases,
    advance(contained.record, release, { now: now + 60_000 }),
    contained.version,
  );
  return closedCase(released.record);
}

function closedAgain(record: Case | undefined): ClosedCase {
  if (!record) throw new Error('no case');
  return { ...closedCase(record), closedAt };
}

/** What the engine does once a case is saved. */
async function send(cases: CaseStore, record: Case, version: number) {
  const timelineHead = await cases.appendTimeline(record);
  const sent = {
    ...record,
    timelineHead,
    timelineSeq: record.timelineSeq + 1,
    outbox: { announcements: [], timeline: [] },
  };
  if (sent.status === 'closed') await cases.archive(sent);
  return { record: sent, version: await cases.save(sent, version) };
}

const closedAt = now + 60_000;
const keptUntil = closedAt + keepClosedMs;
const expiresAt = keptUntil / 1_000;

describe('a closed case', () => {
  it('expires with all its rows after the time in cordon.yml, and an open case never expires', async () => {
    const { cases, slack, readItems } = await openTable('whole');
    const { record, version } = await send(cases, advance(undefined, alarm()), 0);
    await slack.save(record.caseId, { place: { ts: '1' }, lastSeq: 1 }, 0);
    expect(new Set((await readItems()).map(([, at]) => at))).toEqual(new Set([undefined]));

    const release = { type: 'release', thingName: thingKey('mything1'), actor: 'ada', force: true } as const;
    await send(cases, advance(record, release, { now: closedAt }), version);

    expect(await readItems()).toEqual([
      [`00${now}#000000`, expiresAt],
      [`00${closedAt}#000001`, expiresAt],
      ['CASE', expiresAt],
      [`CLOSED#00${closedAt}#case-1`, expiresAt],
      ['SLACK', expiresAt],
    ]);
  });

  it('gets the missing expiry dates if an invocation ended half way, each row once', async () => {
    const { cases, readItems } = await openTable('again');
    const record = await containAndRelease(cases);
    const before = await readItems();

    await cases.archive(record);

    expect(await readItems()).toEqual(before);
  });

  it('gives earlier cases that have no expiry their time, and a month to export them', async () => {
    const { cases, readItems, TableName } = await openTable('earlier');
    const keptForEver = connectTable(TableName, client, { clock: () => time }).cases;
    const names = ['old-1', 'old-2', 'old-3', 'old-4', 'old-5'];
    const oldAt = now - 500 * day;
    for (const [index, newCaseId] of names.entries()) {
      const at = oldAt + index;
      const alarmed = advance(undefined, alarm({ occurredAt: at }), { newCaseId, now: at });
      const contained = await send(keptForEver, { ...alarmed, thingName: thingKey('mything1') }, 2 * index);
      const release = {
        type: 'release',
        thingName: thingKey('mything1'),
        actor: 'ada',
        force: true,
      } as const;
      const closed = advance(contained.record, release, { now: at });
      await send(keptForEver, closed, contained.version);
    }
    expect(new Set((await readItems()).map(([, at]) => at))).toEqual(new Set([undefined]));

    const undated = async () => (await readItems()).filter(([, at]) => at === undefined).length;
    const before = await undated();
    const stored = await cases.load(thingKey('mything1'));
    await cases.archive({ ...closedAgain(stored?.value), caseId: 'new' });
    // A few at a time: each may have hundreds of rows.
    expect(before - (await undated())).toBe(3 * 3);
    await cases.archive({ ...closedAgain(stored?.value), caseId: 'new' });
    expect(before - (await undated())).toBe(5 * 3);
    const monthAt = now / 1_000 + 30 * 86_400;
    expect((await readItems()).filter(([, at]) => at === monthAt)).toHaveLength(5 * 3);
  });

  it('closes although an earlier case of its thing is damaged, which expires as if it closed now', async () => {
    const { cases, readItems, TableName } = await openTable('damaged');
    const { caseId } = await containAndRelease(cases);
    const Key = { pk: 'THING#mything1', sk: `CLOSED#00${closedAt}#${caseId}` };
    const rows = (await readItems()).filter(([sk]) => String(sk) !== 'CASE').map(([sk]) => sk);
    for (const sk of rows.filter((one) => !String(one).startsWith('CLOSED#')))
      await documents.send(
        new UpdateCommand({
          TableName,
          Key: { pk: `CASE#${caseId}`, sk },
          UpdateExpression: 'REMOVE expiresAt',
        }),
      );
    await documents.send(new PutCommand({ TableName, Item: { ...Key, value: 'by hand' } }));
    const stored = await cases.load(thingKey('mything1'));
    time = closedAt + day;

    await cases.archive({ ...closedAgain(stored?.value), caseId: 'new' });

    const later = (time + keepClosedMs) / 1_000;
    expect((await readItems()).filter(([, at]) => at === later).map(([sk]) => sk)).toEqual(rows);
  });

  it('is invisible at its expiry, even though the table deletes it days later and row by row', async () => {
    const { cases, history, TableName } = await openTable('readers');
    const verify = (name: string) => verifyCase(name, { cases, history }, () => time);
    const { caseId } = await containAndRelease(cases);
    const read = async () => ({
      newest: (await cases.load(thingKey('mything1')))?.value.caseId,
      closed: (await history.listClosed(thingKey('mything1'))).cases.length,
      rows: (await history.readTimeline(caseId)).length,
      page: (await history.pageTimeline(caseId, 10)).rows.length,
      scanned: (await history.scanCases(0)).cases.length,
    });
    time = keptUntil - 1;
    expect(await read()).toEqual({ newest: caseId, closed: 1, rows: 2, page: 2, scanned: 2 });
    expect(await verify(caseId)).toMatch('2 rows, chain whole');

    time = keptUntil;

    expect(await read()).toEqual({ newest: undefined, closed: 0, rows: 0, page: 0, scanned: 0 });
    const expired = `its case expired at ${new Date(keptUntil).toISOString()} and is no longer kept`;
    await expect(verify('mything1')).rejects.toThrow(`mything1: ${expired}`);
    const Key = { pk: `CASE#${caseId}`, sk: `00${now}#000000` };
    await documents.send(new DeleteCommand({ TableName, Key }));
    await expect(verify(caseId)).rejects.toThrow(`${caseId}: ${expired}`);
  });

  it('makes room for a new case of the thing, which does not expire', async () => {
    const { cases, history } = await openTable('room');
    await containAndRelease(cases);
    time = keptUntil + day;

    const reopened = { ...advance(undefined, alarm(), { newCaseId: 'case-2', now: time }), keptUntil: 1 };
    await cases.save(reopened, 0);

    const stored = await cases.load(thingKey('mything1'));
    expect(stored).toMatchObject({ version: 1, value: { caseId: 'case-2', status: 'contained' } });
    expect(stored?.value).not.toHaveProperty('keptUntil');
    time += 10 * keepClosedMs;
    expect((await cases.load(thingKey('mything1')))?.version).toBe(1);
    expect(await history.listClosed(thingKey('mything1'))).toEqual({ cases: [], damaged: [] });
  });

  it('is kept while Device Defender has its violation in alarm, which the sweep would open again', async () => {
    const { cases, history } = await openTable('alarm');
    const alarmed = advance(undefined, alarm({ detector: 'device-defender' }));
    const observed = await send(cases, { ...alarmed, status: 'observed', ledger: [] }, 0);
    const dismiss = { type: 'dismiss', thingName: thingKey('mything1'), actor: 'ada' } as const;
    await send(cases, advance(observed.record, dismiss, { now: closedAt }), observed.version);

    time = keptUntil + day;

    expect((await cases.load(thingKey('mything1')))?.value.status).toBe('closed');
    await expect(verifyCase('mything1', { cases, history }, () => time)).rejects.toThrow(
      `case case-1 of mything1 (closed): its timeline expired at ${new Date(keptUntil).toISOString()}`,
    );
  });

  it('gives its Slack thread an expiry, also before Slack shows its end, and when Slack shows it for the first time', async () => {
    const { slack, readItems } = await openTable('slack');
    const shown = { place: { ts: '1' }, lastSeq: 2 };

    await slack.save('case-1', { ...shown, keptUntil, dueAt: 5 }, 0);
    expect(await readItems()).toEqual([['SLACK', expiresAt]]);
    await slack.save('case-1', { ...shown, keptUntil }, 1);
    await slack.save('case-2', { ...shown, closedAt }, 0);

    expect(await readItems()).toEqual([
      ['SLACK', expiresAt],
      ['SLACK', expiresAt],
    ]);
  });
});
