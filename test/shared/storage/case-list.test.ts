import {
  CreateTableCommand,
  DynamoDBClient,
  ScanCommand,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { writeTable } from '../../../infra/table';
import type { Case, ClosedCase } from '../../../shared/domain/case/case';
import { caseStatuses, openStatuses } from '../../../shared/domain/case/status';
import { type DetectState, newDetectState } from '../../../shared/domain/detection/state';
import { summarizeCases } from '../../../shared/domain/lists/summary';
import { thingKey } from '../../../shared/domain/thing-ref';
import { IndexNotBuiltError } from '../../../shared/errors';
import { type AuditQuery, connectAudit } from '../../../shared/storage/audit';
import type { CaseQuery } from '../../../shared/storage/case-list';
import { connectDetection } from '../../../shared/storage/detection';
import { connectDigests } from '../../../shared/storage/digests';
import { caseKey } from '../../../shared/storage/keys';
import { connectRefusals } from '../../../shared/storage/refusals';
import { refuseUnbuilt } from '../../../shared/storage/status-index';
import { connectStormList, connectStorms } from '../../../shared/storage/storms';
import { connectTable } from '../../../shared/storage/table';
import { pageByUrgency } from '../../../shared/storage/urgent-cases';
import { flushed, now } from '../../builders';
import { aContainedCase, aReleasedCase } from '../../cli/stored-cases';
import { startTestStack, type TestStack } from '../../local/aws/gateway/local-aws';

const contained = aContainedCase().record;
const released = aReleasedCase().record as ClosedCase;
let stack: TestStack;
let client: DynamoDBClient;

beforeAll(async () => {
  stack = await startTestStack();
  client = new DynamoDBClient(stack.clientConfig());
});

afterAll(() => stack.close());

/** A table as the template has it, with these cases. */
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

function aCaseOf(name: string, over: Partial<Case> = {}): Case {
  return flushed({ ...contained, thingName: thingKey(name), ...over } as Case);
}

type Table = Awaited<ReturnType<typeof openTable>>;

/** All pages, by the names of their things. */
async function readPages({ list }: Table, query: Omit<CaseQuery, 'cursor'>): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list.page({ ...query, cursor });
    pages.push(page.cases.map(({ thingName }) => thingName));
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}

const names = Array.from({ length: 57 }, (_, index) => `thing-${String(index).padStart(2, '0')}`);

describe('a list of cases', () => {
  it('has each case once, over all pages, the newest change first, whatever shares its millisecond', async () => {
    const records = names.map((name, index) => aCaseOf(name, { updatedAt: now + Math.floor(index / 19) }));
    const table = await openTable('pages', records);

    for (const limit of [7, 57, 100]) {
      const pages = await readPages(table, { statuses: ['contained'], limit });

      expect(pages.map(({ length }) => length).slice(0, -1)).toEqual(
        Array.from({ length: Math.ceil(57 / limit) - 1 }, () => limit),
      );
      const listed = pages.flat();
      expect(listed.toSorted()).toEqual(names);
      expect(listed.map((name) => Math.floor(names.indexOf(name) / 19))).toEqual([
        ...Array(19).fill(2),
        ...Array(19).fill(1),
        ...Array(19).fill(0),
      ]);
    }
  }, 60_000);

  it('goes through the statuses in the order asked for', async () => {
    const table = await openTable('statuses', [
      aCaseOf('a'),
      aCaseOf('b', { status: 'observed', ledger: [] }),
      aCaseOf('c', { status: 'containment-failed' }),
      { ...released, thingName: thingKey('d') },
    ]);

    expect(await readPages(table, { statuses: openStatuses, limit: 2 })).toEqual([['c', 'a'], ['b']]);
    expect(await readPages(table, { statuses: ['closed', 'contained'], limit: 10 })).toEqual([['d', 'a']]);
  }, 60_000);

  it('has a damaged item and all others, each with what can be read of it', async () => {
    const table = await openTable(
      'damaged',
      ['a', 'b', 'c', 'd'].map((name) => aCaseOf(name)),
    );
    const stored = DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } });
    const read = async (name: string) =>
      (await stored.send(new GetCommand({ TableName: 'damaged', Key: caseKey(thingKey(name)) }))).Item;
    const items = new Map(
      await Promise.all(['a', 'b', 'c'].map(async (name) => [name, await read(name)] as const)),
    );
    const damage = (name: string, damaged: object) =>
      stored.send(
        new PutCommand({
          TableName: 'damaged',
          Item: { ...items.get(name), outline: undefined, ...damaged },
        }),
      );
    await damage('a', { outline: 'by hand' });
    await damage('b', { outline: {} });
    await damage('c', { value: 'by hand' });

    const { cases } = await table.list.page({ statuses: ['contained'], limit: 10 });
    const { counts } = summarizeCases((await table.list.readAll(['contained'])).cases);

    expect(counts).toEqual({ contained: 4 });
    const damaged = { openedAt: contained.updatedAt, behaviors: [] };
    const byName = cases.toSorted((one, other) => (one.thingName < other.thingName ? -1 : 1));
    expect(byName.map(({ thingName }) => thingName)).toEqual(['a', 'b', 'c', 'd']);
    for (const one of byName.slice(0, 3))
      expect(one).toMatchObject({ ...damaged, reason: 'its item in the table is damaged' });
    expect(byName[3]?.behaviors).not.toEqual([]);
    const whole = await table.list.pageWhole({ statuses: ['contained'], limit: 10 });
    expect([whole.cases.map(({ thingName }) => thingName).toSorted(), whole.damaged]).toEqual([
      ['a', 'b', 'd'],
      ['c'],
    ]);
    const scanned = await table.history.scanCases(now);
    expect([scanned.cases.map(({ thingName }) => thingName).toSorted(), scanned.damaged]).toEqual([
      ['a', 'b', 'd'],
      ['c'],
    ]);
  }, 60_000);

  it('does not repeat on a later page what changed after the page before', async () => {
    const records = names.map((name, index) => aCaseOf(name, { updatedAt: now + index }));
    const table = await openTable('moving', records);
    const first = await table.list.page({ statuses: ['contained'], limit: 10 });

    await table.cases.save(aCaseOf('thing-50', { updatedAt: now + 1_000 }), 1);
    await table.cases.save(aCaseOf('new', { updatedAt: now + 1_001 }), 0);
    const second = await table.list.page({ statuses: ['contained'], limit: 100, cursor: first.next });

    expect(second.cases.map(({ thingName }) => thingName)).toEqual(names.slice(0, 47).toReversed());
  }, 60_000);

  it('has once what changes its status between the reads of two statuses', async () => {
    const waiting = { status: 'awaiting-approval', updatedAt: now } as const;
    const table = await openTable('racing', [aCaseOf('moving', waiting), aCaseOf('waiting', waiting)]);
    const statuses = ['awaiting-approval', 'contained'] as const;
    const versionOf = async () => (await table.cases.load(thingKey('moving')))?.version ?? 0;
    let moved: Promise<unknown> | undefined;
    const moveOnce = async () =>
      table.cases.save(aCaseOf('moving', { updatedAt: now + 1 }), await versionOf());
    client.middlewareStack.add(
      (next) => async (args) => {
        if (/KeyCondition.*STATUS#contained/.test(JSON.stringify(args.input))) {
          moved ??= moveOnce();
          await moved;
        }
        return next(args);
      },
      { step: 'initialize', name: 'move' },
    );
    const move = async <T>(read: () => Promise<T>): Promise<T> => {
      moved = Promise.resolve();
      await table.cases.save(aCaseOf('moving', waiting), await versionOf());
      moved = undefined;
      return read();
    };
    const namesOf = ({ cases }: { readonly cases: readonly { readonly thingName: string }[] }) =>
      cases.map(({ thingName }) => thingName).toSorted();

    expect(namesOf(await move(() => table.list.page({ statuses, limit: 10 })))).toEqual([
      'moving',
      'waiting',
    ]);
    expect(namesOf(await move(() => table.list.pageWhole({ statuses, limit: 10 })))).toEqual([
      'moving',
      'waiting',
    ]);
    expect(namesOf(await move(() => table.list.readAll(statuses)))).toEqual(['moving', 'waiting']);
    const urgent = { statuses, limit: 10, now };
    expect(namesOf(await move(() => pageByUrgency(urgent, table.list.readAll)))).toEqual([
      'moving',
      'waiting',
    ]);
    client.middlewareStack.remove('move');
  }, 60_000);

  it('has the earlier cases of one thing, page by page, whatever closed at the same time', async () => {
    const ids = ['case-a', 'case-b', 'case-c', 'case-d', 'case-e'];
    const { history } = await openTable(
      'closed-pages',
      ids.map((caseId, index) => ({ ...released, caseId, openedAt: now + Math.floor(index / 2) })),
    );
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const page = await history.pageClosed(released.thingName, 2, cursor);
      pages.push(page.cases.map(({ caseId }) => caseId));
      cursor = page.next;
    } while (cursor !== undefined);

    expect(pages).toEqual([['case-e', 'case-d'], ['case-c', 'case-b'], ['case-a']]);
  }, 60_000);

  it('is by urgency if it is asked for, over all pages and shards', async () => {
    const records = names.map((name, index) =>
      aCaseOf(name, {
        ...{ updatedAt: now - index, openedAt: now - index },
        severity: index % 19 === 18 ? 'critical' : 'high',
      }),
    );
    const { list } = await openTable('urgent', records);
    const listed: string[] = [];
    let cursor: string | undefined;
    do {
      const query = { statuses: openStatuses, limit: 20, since: now - 50, now, cursor };
      const page = await pageByUrgency(query, list.readAll);
      listed.push(...page.cases.map(({ thingName }) => thingName));
      cursor = page.next;
    } while (cursor !== undefined);

    const oldestFirst = names.slice(0, 51).toReversed();
    expect(listed).toEqual([
      ...['thing-37', 'thing-18'],
      ...oldestFirst.filter((name) => name !== 'thing-37' && name !== 'thing-18'),
    ]);
  }, 60_000);

  it('shows what people ask first about a case, without reading it', async () => {
    const table = await openTable('outlines', [aCaseOf('a')]);

    expect((await table.list.page({ statuses: ['contained'], limit: 1 })).cases).toEqual([
      {
        thingName: 'a',
        caseId: 'case-1',
        status: 'contained',
        severity: 'critical',
        openedAt: now,
        updatedAt: now,
        containedAt: now,
        behaviors: ['myapp-processes/no-child-processes'],
        groups: ['cordon-quarantine', 'sensors'],
        playbook: 'spawned-child',
        actions: ['disconnect', 'quarantine'],
      },
    ]);
  }, 60_000);

  it('has each closed case of a thing, until it expires', async () => {
    const earlier = { ...released, caseId: 'case-0', closedAt: now - 10, updatedAt: now - 10 };
    const table = await openTable('closed', [released, earlier]);
    const list = async (times: Pick<CaseQuery, 'since' | 'keptSince'>) =>
      (await table.list.page({ statuses: ['closed'], limit: 9, ...times })).cases.map(({ caseId }) => caseId);

    expect(await list({})).toEqual(['case-1', 'case-0']);
    expect(await list({ since: now - 9 })).toEqual(['case-1']);
    expect(await list({ keptSince: now - 9 })).toEqual(['case-1']);
  }, 60_000);

  it('reads whole cases, open and closed, a page at a time', async () => {
    const earlier = { ...released, caseId: 'case-0', closedAt: now - 10, updatedAt: now - 10 };
    const open = aCaseOf('mything1', { caseId: 'case-2' });
    const { list } = await openTable('whole', [earlier, released, open]);
    const query = { statuses: caseStatuses, limit: 2 };

    const first = await list.pageWhole(query);
    const second = await list.pageWhole({ ...query, cursor: first.next });

    const ids = ({ cases }: typeof first) => cases.map(({ caseId }) => caseId).sort();
    expect([ids(first), ids(second), second.next]).toEqual([['case-1', 'case-2'], ['case-0'], undefined]);
    expect(first.cases.find(({ caseId }) => caseId === 'case-2')).toEqual(open);
  }, 60_000);

  it('reads cases that an earlier release wrote, and the index of that release while the new one is built', async () => {
    const table = await openTable('earlier', [aCaseOf('a')], false);
    const documents = DynamoDBDocumentClient.from(client);
    const Key = { pk: 'THING#a', sk: 'CASE' };
    const { Item } = await documents.send(new GetCommand({ TableName: 'earlier', Key }));
    const { outline, ...earlier } = Item ?? {};
    await documents.send(new PutCommand({ TableName: 'earlier', Item: earlier }));

    const { cases } = await table.list.page({ statuses: ['contained'], limit: 1 });

    expect(cases).toEqual([expect.objectContaining({ thingName: 'a', ...outline })]);
  }, 60_000);

  it('finds the cases that match a filter', async () => {
    const table = await openTable('filters', [
      aCaseOf('gateway-1', { severity: 'low', openedAt: now - 1_000, playbook: 'other' }),
      aCaseOf('gateway-2'),
      aCaseOf('pump-1', { facts: { kind: 'unavailable', reason: 'no' } }),
    ]);
    const find = async (filter: CaseQuery['filter']) =>
      (await readPages(table, { statuses: ['contained'], limit: 10, filter })).flat().toSorted();

    expect(await find({ thingPrefix: 'gateway-' })).toEqual(['gateway-1', 'gateway-2']);
    expect(await find({ severity: ['low', 'high'] })).toEqual(['gateway-1']);
    expect(await find({ playbook: 'spawned-child' })).toEqual(['gateway-2', 'pump-1']);
    expect(await find({ group: 'sensors' })).toEqual(['gateway-1', 'gateway-2']);
    expect(await find({ behavior: 'no-child-processes', openedSince: now })).toEqual(['gateway-2', 'pump-1']);
    expect(await find({ behavior: 'myapp-processes/no-child-processes', openedBefore: now })).toEqual([
      'gateway-1',
    ]);
    expect(await find({ behavior: 'processes' })).toEqual([]);
  }, 60_000);
});

describe('the cursor of a list', () => {
  const query = { statuses: ['contained'], limit: 1 } as const;

  it('is refused with another filter, or if somebody made it up', async () => {
    const table = await openTable('cursors', [aCaseOf('a'), aCaseOf('b')]);
    const { next = '' } = await table.list.page(query);
    const forge = (change: (parts: unknown[]) => unknown) =>
      Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(next, 'base64url').toString())))).toString(
        'base64url',
      );

    await expect(table.list.page({ ...query, cursor: next })).resolves.toMatchObject({ examined: 1 });
    await expect(table.list.page({ ...query, cursor: next, filter: { group: 'sensors' } })).rejects.toThrow(
      'is of a list with another filter',
    );
    for (const cursor of [
      'x',
      '',
      next.slice(0, -4),
      forge(() => null),
      forge(([version, hash, , shards]) => [version, hash, 7, shards]),
      forge(([version, hash, index]) => [version, hash, index, []]),
      forge(([version, hash, index]) => [version, hash, index, Array(8).fill([1, '../a', 'CASE'])]),
      forge(([version, hash, index]) => [version, hash, index, Array(8).fill([1, 'a', 'DETECT'])]),
      forge(([version, hash, index]) => [version, hash, index, Array(8).fill([-1, 'a', 'CASE'])]),
      forge(([version, hash, index]) => [version, hash, index, Array(8).fill(['1', 'a', 'CASE'])]),
    ])
      await expect(table.list.page({ ...query, cursor })).rejects.toThrow('is none of this list');
  }, 60_000);

  it('of an invented case leads nowhere but on in the same list', async () => {
    const table = await openTable('invented', [aCaseOf('a'), aCaseOf('b')]);
    const { next = '' } = await table.list.page(query);
    const [version, hash, index] = JSON.parse(Buffer.from(next, 'base64url').toString());
    const invented = [version, hash, index, Array(8).fill([now + 5, 'nobody', 'CASE'])];
    const cursor = Buffer.from(JSON.stringify(invented)).toString('base64url');

    const { cases } = await table.list.page({ ...query, limit: 9, cursor });

    expect(cases.map(({ thingName }) => thingName).toSorted()).toEqual(['a', 'b']);
  }, 60_000);
});

describe('the audit', () => {
  const hourMs = 3_600_000;

  it('has what people did, newest first, by person, thing and time, over days and pages', async () => {
    await openTable('audit', []);
    const { cases } = connectTable('audit', client);
    const { page } = connectAudit('audit', client);
    const acted = async (name: string, actor: string, at: number) => {
      const outbox = {
        announcements: [],
        timeline: [
          { at, actor, event: { code: 'comment', comment: `${name} at ${at}` } },
          { at, actor: 'playbook', event: { code: 'judged-again' } },
        ],
      };
      await cases.appendTimeline({ ...aCaseOf(name), caseId: `case-${name}-${at}`, outbox } as never);
    };
    for (let index = 0; index < 9; index += 1)
      await acted(index % 2 ? 'a' : 'b', index % 3 ? 'ada' : 'bob', now - index * 10 * hourMs);
    const read = async (query: Partial<AuditQuery>) => {
      const found: number[] = [];
      let cursor: string | undefined;
      do {
        const one = await page({ from: now - 200 * hourMs, to: now, limit: 2, ...query, cursor });
        found.push(...one.acts.map(({ at }) => (now - at) / (10 * hourMs)));
        cursor = one.next;
      } while (cursor !== undefined);
      return found;
    };

    expect(await read({})).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(await read({ actor: 'bob' })).toEqual([0, 3, 6]);
    expect(await read({ thingName: 'a' })).toEqual([1, 3, 5, 7]);
    expect(await read({ from: now - 45 * hourMs, to: now - 15 * hourMs })).toEqual([2, 3, 4]);
    expect((await page({ from: 0, to: now, limit: 1 })).acts).toEqual([
      {
        at: now,
        actor: 'bob',
        thingName: 'b',
        caseId: `case-b-${now}`,
        what: 'comment',
        detail: `b at ${now}`,
      },
    ]);
    await expect(page({ from: 0, to: now, limit: 1, cursor: 'made-up' })).rejects.toThrow(
      'is none of this list',
    );
  }, 60_000);

  it('has the refused commands of which no timeline says anything, as long as closed cases', async () => {
    await openTable('audit-refused', []);
    const keepClosedMs = 40 * 24 * hourMs;
    const refusals = connectRefusals('audit-refused', client, { clock: () => now, keepClosedMs });
    const { page } = connectAudit('audit-refused', client);
    const refused = { thingName: thingKey('a'), refusal: { code: 'no-open-case' }, now } as const;
    await refusals.record({ ...refused, requestId: 'r-1', act: { command: 'release', actor: 'ada' } });
    await refusals.record({ ...refused, requestId: 'r-2' });
    const late = { command: 'contain', actor: 'bob', caseId: 'case-1' } as const;
    await refusals.record({ ...refused, now: now + 1, requestId: 'r-3', act: late });
    const { Items = [] } = await client.send(new ScanCommand({ TableName: 'audit-refused' }));

    const first = await page({ from: now, to: now + 1, limit: 1 });
    const second = await page({ from: now, to: now + 1, limit: 1, cursor: first.next });

    const detail = 'the thing has no open case';
    expect([...first.acts, ...second.acts]).toEqual([
      {
        at: now + 1,
        actor: 'bob',
        thingName: 'a',
        caseId: 'case-1',
        what: 'containment refused',
        detail,
      },
      { at: now, actor: 'ada', thingName: 'a', what: 'release refused', detail },
    ]);
    expect((await page({ from: now, to: now + 1, limit: 1, cursor: second.next })).acts).toEqual([]);
    const keptFor = Items.map(({ expiresAt }) =>
      Math.round((Number(expiresAt?.N) * 1_000 - now) / hourMs / 24),
    );
    expect(keptFor.toSorted()).toEqual([1, 40, 40]);
    expect(await refusals.read(thingKey('a'), 'r-3')).toEqual({ code: 'no-open-case' });
  }, 60_000);

  it('says in words that its index is still built after an upgrade: no other index has the acts', async () => {
    await openTable('audit-earlier', [], false);

    await expect(connectAudit('audit-earlier', client).page({ from: 0, to: now, limit: 1 })).rejects.toThrow(
      IndexNotBuiltError,
    );
  }, 60_000);

  it('treats DynamoDB’s error about an index that it is filling as the same', async () => {
    const filling = Object.assign(
      new Error('Cannot read from backfilling global secondary index: caseList'),
      { name: 'ValidationException' },
    );

    expect(() => refuseUnbuilt(filling)).toThrow(IndexNotBuiltError);
    expect(() => refuseUnbuilt(new Error('the index of nothing'))).toThrow('the index of nothing');
  });
});

it('the digest finds the recorded cases of a period, open or closed, and none that was contained', async () => {
  const at = (digestAt: number) => ({ digestAt, updatedAt: digestAt });
  const bare = { ledger: [], status: 'observed' } as const;
  const { containedAt: _containedAt, ...observed } = contained;
  const record = (name: string, digestAt: number) =>
    flushed({ ...observed, ...bare, ...at(digestAt), thingName: thingKey(name) } as Case);
  const { containedAt: _was, ...ended } = released;
  await openTable('digests', [
    record('before', now - 100),
    record('first', now),
    flushed({ ...ended, ...at(now + 10), thingName: thingKey('closed') } as Case),
    aCaseOf('contained', at(now + 20)),
    record('last', now + 30),
    record('after', now + 31),
  ]);

  const found = await connectDigests('digests', client).list({ seq: 1, from: now - 100, to: now + 30 });

  expect(found.map(({ thingName, status }) => [thingName, status])).toEqual([
    ['first', 'observed'],
    ['closed', 'closed'],
    ['last', 'observed'],
  ]);
});

describe('the list of degraded agents', () => {
  const health = { version: '1.2.0', restarts: 0, spool: 0 };
  const aState = (name: string, degraded: readonly string[], silentAt?: number): DetectState => ({
    ...newDetectState(thingKey(name)),
    dueAt: now,
    agent: { heardAt: now, principal: 'a', health: { ...health, degraded }, ...(silentAt && { silentAt }) },
  });

  it('has each with what limits it, by name, until it reports that it is well, and lists no case', async () => {
    const table = await openTable('degraded', [aCaseOf('blind')]);
    const { states, silences, listDegraded } = connectDetection('degraded', client);
    const saved = names.map((name) => aState(name, ['gap']));
    for (const state of [...saved, aState('blind', ['hidden', 'state'], now), aState('well', [])])
      await states.save(state, 0);

    expect(await listDegraded()).toEqual([
      { thingName: 'blind', degraded: ['hidden', 'state'] },
      ...names.map((thingName) => ({ thingName, degraded: ['gap'] })),
    ]);
    // The sweep finds it as any other.
    expect(await states.listDue(now, 100)).toHaveLength(59);
    expect(await silences.listSilent()).toEqual(['blind']);
    expect(await readPages(table, { statuses: caseStatuses, limit: 10 })).toEqual([['blind']]);

    await states.save(aState('blind', []), 1);
    await states.save(newDetectState(thingKey('thing-00')), 1);
    expect((await listDegraded()).map(({ thingName }) => thingName)).toEqual(names.slice(1));
  }, 60_000);

  it('names them while DynamoDB builds the index that has what limits them', async () => {
    await openTable('degraded-before', [], false);
    const { states, listDegraded } = connectDetection('degraded-before', client);
    await states.save(aState('blind', ['hidden']), 0);

    expect(await listDegraded()).toEqual([{ thingName: 'blind', degraded: [] }]);
  }, 60_000);
});

it('cases of a storm join it from many runs at once, and the sweep finds it with all open cases and those closed since', async () => {
  await openTable('storms', [
    aCaseOf('old', { updatedAt: now - 1_000 }),
    flushed({ ...released, thingName: thingKey('closed-before'), closedAt: now - 1_000 } as Case),
    flushed({ ...released, thingName: thingKey('closed-since'), closedAt: now } as Case),
  ]);
  const limit = { cases: 5, within: 600_000 };
  const storms = connectStorms('storms', limit, client);
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

  const list = connectStormList('storms', client);
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
