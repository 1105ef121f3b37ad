import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { thingKey } from '../../../shared/domain/thing-ref';
import { IndexNotBuiltError } from '../../../shared/errors';
import { type AuditQuery, connectAudit } from '../../../shared/storage/audit';
import { connectRefusals } from '../../../shared/storage/refusals';
import { refuseUnbuilt } from '../../../shared/storage/status-index';
import { connectTable } from '../../../shared/storage/table';
import { now } from '../../builders';
import { aCaseOf, startTables } from './a-table';

let tables: Awaited<ReturnType<typeof startTables>>;

beforeAll(async () => {
  tables = await startTables();
});

afterAll(() => tables.close());

describe('the audit', () => {
  const hourMs = 3_600_000;

  it('has what people did, newest first, by person, thing and time, over days and pages', async () => {
    await tables.openTable('audit', []);
    const { cases } = connectTable('audit', tables.client);
    const { page } = connectAudit('audit', tables.client);
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
        code: 'comment',
        what: 'comment',
        detail: `b at ${now}`,
      },
    ]);
    await expect(page({ from: 0, to: now, limit: 1, cursor: 'made-up' })).rejects.toThrow(
      'is none of this list',
    );
  }, 60_000);

  it('has the refused commands of which no timeline says anything, as long as closed cases', async () => {
    await tables.openTable('audit-refused', []);
    const keepClosedMs = 40 * 24 * hourMs;
    const refusals = connectRefusals('audit-refused', tables.client, { clock: () => now, keepClosedMs });
    const { page } = connectAudit('audit-refused', tables.client);
    const refused = { thingName: thingKey('a'), refusal: { code: 'no-open-case' }, now } as const;
    await refusals.record({ ...refused, requestId: 'r-1', act: { command: 'release', actor: 'ada' } });
    await refusals.record({ ...refused, requestId: 'r-2' });
    const late = { command: 'contain', actor: 'bob', caseId: 'case-1' } as const;
    await refusals.record({ ...refused, now: now + 1, requestId: 'r-3', act: late });
    const { Items = [] } = await tables.client.send(new ScanCommand({ TableName: 'audit-refused' }));

    const first = await page({ from: now, to: now + 1, limit: 1 });
    const second = await page({ from: now, to: now + 1, limit: 1, cursor: first.next });

    const detail = 'the thing has no open case';
    expect([...first.acts, ...second.acts]).toEqual([
      {
        at: now + 1,
        actor: 'bob',
        thingName: 'a',
        caseId: 'case-1',
        code: 'command-refused',
        what: 'containment refused',
        detail,
      },
      { at: now, actor: 'ada', thingName: 'a', code: 'command-refused', what: 'release refused', detail },
    ]);
    expect((await page({ from: now, to: now + 1, limit: 1, cursor: second.next })).acts).toEqual([]);
    const keptFor = Items.map(({ expiresAt }) =>
      Math.round((Number(expiresAt?.N) * 1_000 - now) / hourMs / 24),
    );
    expect(keptFor.toSorted()).toEqual([1, 40, 40]);
    expect(await refusals.read(thingKey('a'), 'r-3')).toEqual({ code: 'no-open-case' });
  }, 60_000);

  it('says in words that its index is still built after an upgrade: no other index has the acts', async () => {
    await tables.openTable('audit-earlier', [], false);

    await expect(
      connectAudit('audit-earlier', tables.client).page({ from: 0, to: now, limit: 1 }),
    ).rejects.toThrow(IndexNotBuiltError);
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
