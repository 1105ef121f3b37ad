import manifest from '../../../package.json' with { type: 'json' };
import { caseList } from '../../../shared/api/lists';
import type { Case } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { CursorError } from '../../../shared/errors';
import { operatorRoutes } from '../../../shared/routes';
import type { CaseQuery } from '../../../shared/storage/case-list';
import { changeCase, flushed, now } from '../../builders';
import { aContainedCase, aReleasedCase } from '../../cli/stored-cases';
import { anOperator, aRequest, ofThing } from './operator';

const { record: contained, rows } = aContainedCase();
const released = aReleasedCase().record;
const observed: Case = { ...flushed(contained), status: 'observed', ledger: [] };
const waiting = changeCase(observed, { status: 'awaiting-approval' });
const thing = ofThing('mything1');
const noCases = async () => ({ cases: [], isComplete: true });
const noPage = async () => ({ cases: [], damaged: [], examined: 0 });

describe('the API of cases', () => {
  it('lists first the cases that need somebody first, and no internal fields of the table', async () => {
    const other: Case = { ...waiting, thingName: thingKey('other'), caseId: 'case-2' };

    const { status, type, value } = await anOperator([contained, other, released]).ask('GET /cases');

    expect([status, type]).toEqual([200, 'application/json']);
    expect(value).toMatchObject({
      cases: [
        { thingName: 'other', caseId: 'case-2', status: 'awaiting-approval' },
        { thingName: 'mything1', caseId: 'case-1', status: 'contained' },
      ],
      examined: 2,
    });
    expect(caseList.parse(value)).toEqual(value);
  });

  it('omits expired cases that the table still holds', async () => {
    const asked: unknown[] = [];
    const list = {
      readAll: noCases,
      pageWhole: noPage,
      page: async ({ statuses, keptSince }: CaseQuery) => {
        asked.push([statuses, keptSince]);
        return { cases: [], examined: 0 };
      },
    };
    const { ask } = anOperator([], { list, keepClosedMs: 400, clock: () => 1_000 });

    await ask('GET /cases', { queryStringParameters: { status: 'contained,closed' } });

    expect(asked).toEqual([[['contained', 'closed'], 600]]);
  });

  it('finds a thing by its full name, and shows no thing of another account', async () => {
    const { ask, sent } = anOperator([contained]);
    const full = (account: string) => ({ pathParameters: { thing: `${account}%2Fus-east-1%2Fmything1` } });

    expect((await ask('GET /cases/{thing}', full('000000000000'))).value.thingName).toBe('mything1');
    expect((await ask('GET /cases/{thing}', full('111122223333'))).status).toBe(404);
    const refused = await ask('POST /things/{thing}/release', full('111122223333'));
    expect(refused.value).toMatchObject({
      status: 400,
      detail: expect.stringContaining('by their name alone'),
    });
    expect(sent).toEqual([]);
  });

  it('limits the list to a status and a number', async () => {
    const cases = ['a', 'b', 'c'].map((thingName) => ({ ...contained, thingName: thingKey(thingName) }));
    const { ask } = anOperator([...cases, { ...released, thingName: thingKey('d') }]);
    const list = async (queryStringParameters: Record<string, string>) => {
      const { value } = await ask('GET /cases', { queryStringParameters });
      return [value.cases.map(({ thingName }: Case) => thingName).join(''), value.next];
    };

    expect(await list({ status: 'closed' })).toEqual(['d', undefined]);
    expect(await list({ status: 'contained,closed,closed' })).toEqual(['abcd', undefined]);
    expect(await list({ status: 'contained', limit: '2' })).toEqual(['ab', '2']);
    expect(await list({ status: 'contained', limit: '3' })).toEqual(['abc', undefined]);
  });

  it.each([
    [{ status: 'open' }, 'status.0'],
    [{ status: '' }, 'status'],
    [{ status: 'contained,__proto__' }, 'status.1'],
    [{ limit: '0' }, 'limit'],
    [{ limit: '501' }, 'limit'],
    [{ limit: '1e2' }, 'limit'],
    [{ limit: '-1' }, 'limit'],
    [{ staus: 'contained' }, 'staus'],
    [{ severity: 'urgent' }, 'severity.0'],
    [{ order: 'oldest' }, 'order'],
    [{ order: 'urgency', status: 'contained,closed' }, 'order'],
    [{ order: 'urgency', cursor: 'made-up' }, 'cursor'],
    [{ behavior: 'a/b/c' }, 'behavior'],
    [{ behavior: '<b>' }, 'behavior'],
    [{ thing: '../x' }, 'thing'],
    [{ group: '' }, 'group'],
    [{ openedSince: 'yesterday' }, 'openedSince'],
    [{ openedBefore: '-1' }, 'openedBefore'],
    [{ cursor: '' }, 'cursor'],
    [{ cursor: 'x'.repeat(4_097) }, 'cursor'],
  ])('refuses a list with %j', async (queryStringParameters, field) => {
    expect(await anOperator([contained]).ask('GET /cases', { queryStringParameters })).toEqual({
      status: 400,
      type: 'application/problem+json',
      value: { type: 'about:blank', title: 'Bad Request', status: 400, detail: expect.any(String), field },
    });
  });

  it('lists by urgency over all pages, whatever changed last', async () => {
    const cases = (['low', 'critical', 'high'] as const).map((severity, index) => ({
      ...contained,
      ...{ thingName: thingKey(severity), severity, updatedAt: contained.updatedAt - index },
    }));
    const { ask } = anOperator(cases);
    const list = async (query: Record<string, string>) => {
      const { value } = await ask('GET /cases', { queryStringParameters: { limit: '2', ...query } });
      return { ...value, names: value.cases.map(({ thingName }: Case) => thingName) };
    };

    const first = await list({ order: 'urgency' });
    const second = await list({ order: 'urgency', cursor: first.next });

    expect([first.names, second.names]).toEqual([['critical', 'high'], ['low']]);
    expect([first.isComplete, second.next]).toEqual([true, undefined]);
    expect(await list({ order: 'newest' })).toEqual(await list({}));
    expect(await list({})).toMatchObject({ names: ['low', 'critical'] });
    expect(await list({})).not.toHaveProperty('isComplete');
  });

  it('passes a filter to the list, and names an invalid cursor', async () => {
    const asked: CaseQuery[] = [];
    const list = {
      readAll: noCases,
      pageWhole: noPage,
      page: async (query: CaseQuery) => {
        asked.push(query);
        if (query.cursor === 'made-up') throw new CursorError('is none of this list');
        return { cases: [], examined: 0 };
      },
    };
    const { ask } = anOperator([], { list });
    const queryStringParameters = {
      ...{ status: 'contained', severity: 'high,critical', behavior: 'myapp-processes/no-child-processes' },
      ...{ thing: 'gate', group: 'sensors', playbook: 'spawned-child', openedSince: '5', openedBefore: '9' },
      ...{ since: '3', limit: '7' },
    };

    expect((await ask('GET /cases', { queryStringParameters })).status).toBe(200);
    expect(asked).toEqual([
      {
        statuses: ['contained'],
        filter: {
          ...{ severity: ['high', 'critical'], behavior: 'myapp-processes/no-child-processes' },
          ...{ thingPrefix: 'gate', group: 'sensors', playbook: 'spawned-child' },
          ...{ openedSince: 5, openedBefore: 9 },
        },
        ...{ since: 3, limit: 7, cursor: undefined },
      },
    ]);
    const refused = await ask('GET /cases', { queryStringParameters: { cursor: 'made-up' } });
    expect(refused.value).toMatchObject({ status: 400, detail: 'is none of this list', field: 'cursor' });
  });

  it('shows a case with its ledger, facts, violations, evidence and permitted actions', async () => {
    const { value } = await anOperator([contained]).ask('GET /cases/{thing}', thing);

    expect(value).toMatchObject({
      thingName: 'mything1',
      caseId: 'case-1',
      status: 'contained',
      facts: { kind: 'known', groups: ['sensors'] },
      ledger: [{ action: 'disconnect' }, { action: 'quarantine', prior: { memberBefore: false } }],
      violations: [{ key: 'myapp-processes/no-child-processes', value: { number: 1 } }],
      alertToAppliedMs: 100,
      alertToVerifiedMs: 100,
      acts: ['release', 'harden', 'comment', 'assign'],
    });
    expect(Object.keys(value)).not.toEqual(expect.arrayContaining(['outbox']));
    expect(value).not.toHaveProperty('lastCommandId');
  });

  it.each([
    [observed, ['contain', 'dismiss', 'comment', 'assign']],
    [waiting, ['contain', 'approve', 'reject', 'dismiss', 'comment', 'assign']],
    [released, ['contain']],
  ])('says what is permitted in each status', async (record, acts) => {
    expect((await anOperator([record]).ask('GET /cases/{thing}', thing)).value.acts).toEqual(acts);
  });

  it('omits the violations of earlier cases', async () => {
    const [[key = '', violation] = []] = Object.entries(contained.violations);
    const earlier = { ...violation, caseId: 'case-0' } as Case['violations'][string];
    const record = { ...contained, violations: { ...contained.violations, old: earlier } };

    const { value } = await anOperator([record]).ask('GET /cases/{thing}', thing);

    expect(value.violations.map((one: { key: string }) => one.key)).toEqual([key]);
  });

  it('shows the timeline with its hashes, also after the case was closed', async () => {
    const operator = anOperator([contained]);
    operator.rows.push(...rows, ...rows.map((row) => ({ ...row, caseId: 'case-0' })));

    const newest = await operator.ask('GET /cases/{thing}/timeline', thing);
    const earlier = await operator.ask('GET /cases/{thing}/timeline', {
      ...thing,
      queryStringParameters: { caseId: 'case-0' },
    });

    const [row] = rows;
    expect(newest.value).toEqual({
      thingName: 'mything1',
      caseId: 'case-1',
      rows: [{ id: row?.sk, entries: row?.entries, previousHash: '', hash: row?.hash }],
    });
    expect(earlier.value).toEqual({ ...newest.value, caseId: 'case-0' });
  });

  it('shows a timeline of any length, a page at a time', async () => {
    const operator = anOperator([contained]);
    const [row] = rows;
    if (!row) throw new Error('no row');
    // Quoted twice, a control character is seven bytes: 60 rows of 40 KB are 17 MB.
    const entries = [{ at: now, what: 'in-alarm', detail: '\u0001'.repeat(40_000) }];
    const ids = Array.from({ length: 60 }, (_, index) => `000000000000001#${String(index).padStart(6, '0')}`);
    operator.rows.push(...ids.map((sk) => ({ ...row, sk, entries })));

    const seen: string[] = [];
    let after: string | undefined;
    do {
      const queryStringParameters = { limit: '50', ...(after && { after }) };
      const answer = await operator.ask('GET /cases/{thing}/timeline', { ...thing, queryStringParameters });
      expect(Buffer.byteLength(JSON.stringify(JSON.stringify(answer.value)))).toBeLessThan(6_000_000);
      seen.push(...answer.value.rows.map(({ id }: { id: string }) => id));
      after = answer.value.next;
    } while (after);

    expect(seen).toEqual(ids);
  });

  it.each(['1', '000000000000001#00001', '../x'])(
    'shows no timeline after a row with the id %s',
    async (after) => {
      const operator = anOperator([contained]);
      operator.rows.push(...rows);

      const asked = { ...thing, queryStringParameters: { after } };

      expect((await operator.ask('GET /cases/{thing}/timeline', asked)).status).toBe(400);
    },
  );

  it('shows no timeline under another thing’s name', async () => {
    const operator = anOperator([
      contained,
      { ...contained, thingName: thingKey('other'), caseId: 'case-2' },
    ]);
    operator.rows.push(...rows);

    const asked = { ...ofThing('other'), queryStringParameters: { caseId: 'case-1' } };

    expect((await operator.ask('GET /cases/{thing}/timeline', asked)).status).toBe(404);
  });

  it('lists closed cases in short form', async () => {
    const operator = anOperator([released, { ...released, caseId: 'case-0' }]);

    const { value } = await operator.ask('GET /things/{thing}/closed', {
      ...thing,
      queryStringParameters: { limit: '1' },
    });

    expect(value).toEqual({
      thingName: 'mything1',
      cases: [
        {
          caseId: 'case-1',
          status: 'closed',
          severity: 'critical',
          detector: 'cordon',
          playbook: 'spawned-child',
          reason: 'released: everything is as it was before',
          reasonCode: { code: 'released', left: [] },
          openedAt: now,
          containedAt: now,
          closedAt: now + 60_000,
          violations: [{ key: 'myapp-processes/no-child-processes', value: { number: 1 } }],
          actions: [
            { action: 'disconnect', status: 'reverted', detail: 'revert was done' },
            { action: 'quarantine', status: 'reverted', detail: 'revert was done' },
          ],
        },
      ],
      ...{ more: true, next: '1' },
    });
  });

  it('continues with closed cases after the cursor, and has no cursor on the last page', async () => {
    const operator = anOperator([released, { ...released, caseId: 'case-0' }]);

    const { value } = await operator.ask('GET /things/{thing}/closed', {
      ...thing,
      queryStringParameters: { limit: '1', cursor: '1' },
    });

    expect(value).toEqual({
      ...{ thingName: 'mything1', cases: [expect.objectContaining({ caseId: 'case-0' })], more: false },
    });
  });

  it('refuses an invalid cursor of closed cases, and names it', async () => {
    const { ask } = anOperator([released]);

    const answer = await ask('GET /things/{thing}/closed', {
      ...thing,
      queryStringParameters: { cursor: 'bm9uZQ' },
    });

    expect(answer).toMatchObject({ status: 400, value: { detail: 'is none of this list', field: 'cursor' } });
  });

  it.each(['GET /cases/{thing}', 'GET /cases/{thing}/timeline'])(
    'answers 404 for an unknown thing: %s',
    async (route) => {
      expect(await anOperator().ask(route, ofThing('nobody'))).toMatchObject({
        status: 404,
        value: { detail: expect.stringMatching(/^nobody has no case/) },
      });
    },
  );
});

describe('a thing name in a path', () => {
  it.each(['a:b', 'a%3Ab'])('is read decoded or encoded: %s', async (name) => {
    const { ask, sent } = anOperator([]);

    await ask('POST /things/{thing}/contain', ofThing(name));

    expect(sent[0]?.command.thingName).toBe('a:b');
  });

  it.each([
    '',
    ' ',
    'a b',
    'a/b',
    'a%2Fb',
    '..',
    '%',
    '%zz',
    'a%00',
    'ä',
    'x'.repeat(129),
    '<script>',
    '#',
    'a+',
  ])('cannot be %j', async (name) => {
    const { ask, sent } = anOperator([contained]);

    for (const route of operatorRoutes.filter((one) => one.includes('{thing}')))
      expect(await ask(route, ofThing(name))).toMatchObject({ status: 400, value: { field: 'thing' } });
    expect(sent).toEqual([]);
  });
});

describe('operate', () => {
  it('logs internal errors without revealing them', async () => {
    const fault = new Error('ECONNREFUSED 10.0.0.7: secret');
    const { ask, telemetry } = anOperator([], {
      cases: { load: () => Promise.reject(fault) },
      heartbeats: { read: () => Promise.reject(fault) },
    });

    for (const route of ['GET /health', 'GET /cases/{thing}', 'POST /things/{thing}/release']) {
      const answer = await ask(route, thing);
      expect(answer).toMatchObject({ status: 500, type: 'application/problem+json' });
      expect(JSON.stringify(answer)).not.toMatch(/ECONNREFUSED|secret|\.ts/);
    }
    expect(telemetry.lines).toHaveLength(3);
    expect(telemetry.lines[0]).toMatchObject({
      level: 'error',
      fields: { routeKey: 'GET /health', error: fault },
    });
  });

  it.each(['$default', 'GET /nowhere', 'constructor', 'GET /cases/mything1'])(
    'has no route %s',
    async (key) => {
      expect((await anOperator([contained]).ask(key, thing)).status).toBe(404);
    },
  );

  it('reports healthy if the table can be read', async () => {
    expect((await anOperator().ask('GET /health')).value).toEqual({
      status: 'ok',
      version: manifest.version,
    });
  });

  it('shows how long the newest heartbeat took, and how old it is', async () => {
    const heartbeat = {
      ...{ sentAt: now - 40_230, takenAt: now - 40_200, arrivedAt: now - 40_100 },
      announcedAt: now - 40_000,
    };
    const healthAt = async (at: number) => {
      const { ask } = anOperator([], { heartbeats: { read: async () => heartbeat }, clock: () => at });
      return (await ask('GET /health')).value.pipeline;
    };

    expect(await healthAt(now)).toEqual({ ...heartbeat, ms: 230, ageMs: 40_000, late: false });
    expect(await healthAt(now + 300_000)).toMatchObject({ ageMs: 340_000, late: true });
  });

  it('returns at GET /rules the text of cordon.yml, and what it does in words', async () => {
    expect((await anOperator().ask('GET /rules')).value).toEqual({
      words: 'Detector: cordon',
      source: { text: 'detector: cordon\n', parameters: {} },
    });
  });

  it.each(['GET /health', 'GET /cases'])('shows the kill switch at %s', async (route) => {
    const killSwitch = { state: 'on', by: 'ada', reason: 'wrong threshold' } as const;
    const { ask } = anOperator([], { killSwitch: async () => killSwitch });

    expect((await ask(route)).value).toMatchObject({ killSwitch });
  });

  it('shows flooding certificates in the list, and those of a thing with its case', async () => {
    const own = { sender: 'ab'.repeat(32), thingName: 'mything1', clientId: 'mything1', since: now };
    const other = { ...own, sender: 'cd'.repeat(32), thingName: 'mything2' };
    const list = async () => [own, other].map((flood) => ({ ...flood, toldAt: now, named: true as const }));
    const { ask } = anOperator([contained], { floods: { list } });

    expect((await ask('GET /cases')).value.floods).toEqual([own, other]);
    expect((await ask('GET /cases/{thing}', thing)).value.floods).toEqual([own]);
  });

  it('forbids caches to keep an answer', async () => {
    const { handle } = anOperator([contained]);

    for (const key of ['GET /cases', 'GET /nowhere'])
      expect((await handle(aRequest(key))).headers).toMatchObject({
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      });
  });
});
