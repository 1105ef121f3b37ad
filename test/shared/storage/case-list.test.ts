import { DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { ClosedCase } from '../../../shared/domain/case/case';
import { caseStatuses, openStatuses } from '../../../shared/domain/case/status';
import { summarizeCases } from '../../../shared/domain/lists/summary';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { CaseQuery } from '../../../shared/storage/case-list';
import { caseKey } from '../../../shared/storage/keys';
import { pageByUrgency } from '../../../shared/storage/urgent-cases';
import { now } from '../../builders';
import { aReleasedCase } from '../../cli/stored-cases';
import { aCaseOf, contained, names, readPages, startTables } from './a-table';

const released = aReleasedCase().record as ClosedCase;
let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables();
});

afterAll(() => tables.close());

describe('a list of cases', () => {
  it('has each case once, over all pages, the newest change first, whatever shares its millisecond', async () => {
    const records = names.map((name, index) => aCaseOf(name, { updatedAt: now + Math.floor(index / 19) }));
    const table = await tables.openTable('pages', records);

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
    const table = await tables.openTable('statuses', [
      aCaseOf('a'),
      aCaseOf('b', { status: 'observed', ledger: [] }),
      aCaseOf('c', { status: 'containment-failed' }),
      { ...released, thingName: thingKey('d') },
    ]);

    expect(await readPages(table, { statuses: openStatuses, limit: 2 })).toEqual([['c', 'a'], ['b']]);
    expect(await readPages(table, { statuses: ['closed', 'contained'], limit: 10 })).toEqual([['d', 'a']]);
  }, 60_000);

  it('has a damaged item and all others, each with what can be read of it', async () => {
    const table = await tables.openTable(
      'damaged',
      ['a', 'b', 'c', 'd'].map((name) => aCaseOf(name)),
    );
    const stored = DynamoDBDocumentClient.from(tables.client, {
      marshallOptions: { removeUndefinedValues: true },
    });
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

  it('does not repeat a case that changed after the previous page', async () => {
    const records = names.map((name, index) => aCaseOf(name, { updatedAt: now + index }));
    const table = await tables.openTable('moving', records);
    const first = await table.list.page({ statuses: ['contained'], limit: 10 });

    await table.cases.save(aCaseOf('thing-50', { updatedAt: now + 1_000 }), 1);
    await table.cases.save(aCaseOf('new', { updatedAt: now + 1_001 }), 0);
    const second = await table.list.page({ statuses: ['contained'], limit: 100, cursor: first.next });

    expect(second.cases.map(({ thingName }) => thingName)).toEqual(names.slice(0, 47).toReversed());
  }, 60_000);

  it('has a case once that changes its status between the reads of two statuses', async () => {
    const waiting = { status: 'awaiting-approval', updatedAt: now } as const;
    const table = await tables.openTable('racing', [aCaseOf('moving', waiting), aCaseOf('waiting', waiting)]);
    const statuses = ['awaiting-approval', 'contained'] as const;
    const versionOf = async () => (await table.cases.load(thingKey('moving')))?.version ?? 0;
    let moved: Promise<unknown> | undefined;
    const moveOnce = async () =>
      table.cases.save(aCaseOf('moving', { updatedAt: now + 1 }), await versionOf());
    tables.client.middlewareStack.add(
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
    tables.client.middlewareStack.remove('move');
  }, 60_000);

  it('has the earlier cases of one thing, page by page, whatever closed at the same time', async () => {
    const ids = ['case-a', 'case-b', 'case-c', 'case-d', 'case-e'];
    const { history } = await tables.openTable(
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
    const { list } = await tables.openTable('urgent', records);
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
    const table = await tables.openTable('outlines', [aCaseOf('a')]);

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
    const table = await tables.openTable('closed', [released, earlier]);
    const list = async (times: Pick<CaseQuery, 'since' | 'keptSince'>) =>
      (await table.list.page({ statuses: ['closed'], limit: 9, ...times })).cases.map(({ caseId }) => caseId);

    expect(await list({})).toEqual(['case-1', 'case-0']);
    expect(await list({ since: now - 9 })).toEqual(['case-1']);
    expect(await list({ keptSince: now - 9 })).toEqual(['case-1']);
  }, 60_000);

  it('reads whole cases, open and closed, a page at a time', async () => {
    const earlier = { ...released, caseId: 'case-0', closedAt: now - 10, updatedAt: now - 10 };
    const open = aCaseOf('mything1', { caseId: 'case-2' });
    const { list } = await tables.openTable('whole', [earlier, released, open]);
    const query = { statuses: caseStatuses, limit: 2 };

    const first = await list.pageWhole(query);
    const second = await list.pageWhole({ ...query, cursor: first.next });

    const ids = ({ cases }: typeof first) => cases.map(({ caseId }) => caseId).sort();
    expect([ids(first), ids(second), second.next]).toEqual([['case-1', 'case-2'], ['case-0'], undefined]);
    expect(first.cases.find(({ caseId }) => caseId === 'case-2')).toEqual(open);
  }, 60_000);

  it('reads cases that an earlier release wrote, and the index of that release while the new one is built', async () => {
    const table = await tables.openTable('earlier', [aCaseOf('a')], false);
    const documents = DynamoDBDocumentClient.from(tables.client);
    const Key = { pk: 'THING#a', sk: 'CASE' };
    const { Item } = await documents.send(new GetCommand({ TableName: 'earlier', Key }));
    const { outline, ...earlier } = Item ?? {};
    await documents.send(new PutCommand({ TableName: 'earlier', Item: earlier }));

    const { cases } = await table.list.page({ statuses: ['contained'], limit: 1 });

    expect(cases).toEqual([expect.objectContaining({ thingName: 'a', ...outline })]);
  }, 60_000);

  it('finds the cases that match a filter', async () => {
    const table = await tables.openTable('filters', [
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
    const table = await tables.openTable('cursors', [aCaseOf('a'), aCaseOf('b')]);
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

  it('of an invented case only continues the same list', async () => {
    const table = await tables.openTable('invented', [aCaseOf('a'), aCaseOf('b')]);
    const { next = '' } = await table.list.page(query);
    const [version, hash, index] = JSON.parse(Buffer.from(next, 'base64url').toString());
    const invented = [version, hash, index, Array(8).fill([now + 5, 'nobody', 'CASE'])];
    const cursor = Buffer.from(JSON.stringify(invented)).toString('base64url');

    const { cases } = await table.list.page({ ...query, limit: 9, cursor });

    expect(cases.map(({ thingName }) => thingName).toSorted()).toEqual(['a', 'b']);
  }, 60_000);
});
