import { caseAnswer } from '../../../shared/api/case';
import { recording, summary } from '../../../shared/api/lists';
import { fleet } from '../../../shared/api/stack';
import { metricList, metricSeries, thing as thingAnswer } from '../../../shared/api/thing';
import type { Case } from '../../../shared/domain/case/case';
import { thingKey } from '../../../shared/domain/thing-ref';
import { recallCases } from '../../../shared/replay/recording';
import { changeCase, flushed, now } from '../../builders';
import { aContainedCase, aReleasedCase } from '../../cli/stored-cases';
import { anOperator, ofThing } from './operator';

const { record: contained } = aContainedCase();
const { record: released } = aReleasedCase();
const observed: Case = { ...flushed(contained), status: 'observed', ledger: [] };
const waiting = changeCase(observed, { status: 'awaiting-approval', dueAt: now + 60_000 });
const thing = ofThing('mything1');

describe('a case', () => {
  it('says of each act that is possible what it does', async () => {
    const { value } = await anOperator([contained]).ask('GET /cases/{thing}', thing);

    expect(caseAnswer.parse(value)).toEqual(value);
    expect(value.possible).toEqual([
      expect.objectContaining({
        action: 'release',
        consequence: 'gets back what it had before the containment.',
        warning: expect.stringContaining('still in alarm'),
      }),
      expect.objectContaining({ action: 'harden', emphasis: 'dangerous' }),
      expect.objectContaining({ action: 'comment' }),
      expect.objectContaining({ action: 'assign' }),
    ]);
  });

  it('lists what a release would restore, without what is already restored', async () => {
    const show = async (record: Case) =>
      (await anOperator([record]).ask('GET /cases/{thing}', thing)).value.restores;

    expect(await show(contained)).toEqual([
      {
        action: 'quarantine',
        object: 'thing group',
        name: 'cordon-quarantine',
        now: 'a member',
        before: 'no member',
      },
    ]);
    expect(await show(released)).toEqual([]);
  });

  it('is found by its id, and offers nothing once a later case follows it', async () => {
    const findCase = async () => released;
    const later = { ...contained, caseId: 'case-2' };
    const { history } = { history: { findCase } as never };
    const { ask } = anOperator([later], { history });

    const { value } = await ask('GET /cases/{thing}', ofThing('case-1'));

    expect(value).toMatchObject({ caseId: 'case-1', thingName: 'mything1', status: 'closed', acts: [] });
  });
});

describe('the recording', () => {
  const past = {
    ...Object.values(contained.violations)[0],
    caseId: 'case-0',
  } as (typeof contained.violations)[string];

  it('contains what a replay needs of each case, and no violation of an earlier case', async () => {
    const withPast = { ...contained, violations: { ...contained.violations, 'old/one': past } };

    const { value } = await anOperator([withPast]).ask('GET /recording');

    expect(recording.parse(value)).toEqual(value);
    const { thingName, caseId, openedAt, updatedAt, facts, violations } = contained;
    expect(value).toEqual({ cases: [{ thingName, caseId, openedAt, updatedAt, facts, violations }] });
    expect(recallCases(value.cases, 0).violations).toEqual(recallCases([withPast], 0).violations);
  });

  it('names the things whose case is damaged, and has all others', async () => {
    const list = {
      readAll: async () => ({ cases: [], isComplete: true }),
      page: async () => ({ cases: [], examined: 0 }),
      pageWhole: async () => ({ cases: [contained], damaged: [thingKey('broken')], examined: 2 }),
    };

    const { value } = await anOperator([], { list }).ask('GET /recording');

    expect(recording.parse(value)).toEqual(value);
    expect([value.cases.length, value.damaged]).toEqual([1, ['broken']]);
    expect(recallCases(value.cases, 0, value.damaged).rejected).toEqual([
      { where: 'the case of broken', reason: 'its item in the table is damaged' },
    ]);
  });

  it('leaves out what changed before the time, and continues with the next page', async () => {
    const one = { ...contained, caseId: 'case-a', thingName: thingKey('a'), updatedAt: now + 2 };
    const two = { ...contained, caseId: 'case-b', thingName: thingKey('b'), updatedAt: now + 1 };
    const old = { ...contained, caseId: 'case-c', thingName: thingKey('c'), updatedAt: now - 1 };
    const { ask } = anOperator([one, two, old]);
    const page = async (query: Record<string, string>) =>
      (await ask('GET /recording', { queryStringParameters: { since: String(now), limit: '1', ...query } }))
        .value;

    const first = await page({});
    const second = await page({ cursor: first.next });

    expect([first, second].map(({ cases }) => cases.map(({ caseId }: Case) => caseId))).toEqual([
      ['case-a'],
      ['case-b'],
    ]);
    expect(second.next).toBeUndefined();
  });

  it('has shorter pages if cases are long', async () => {
    const [violation] = Object.values(contained.violations);
    const evidence = [{ metric: 'm', commandLine: 'x'.repeat(350_000) }];
    const long = Array.from({ length: 10 }, (_, index) => ({
      ...contained,
      ...{ caseId: `case-${index}`, thingName: thingKey(`thing-${index}`) },
      violations: { 'a/b': { ...violation, caseId: `case-${index}`, evidence } as typeof past },
    }));

    const { value } = await anOperator(long).ask('GET /recording');

    expect(value.cases).toHaveLength(7);
    expect(value.next).toBe('7');
  });
});

describe('the summary', () => {
  it('shows a storm as one line', async () => {
    const storm = Array.from({ length: 290 }, (_, index) => ({
      ...waiting,
      thingName: thingKey(`pump-${index}`),
      openedAt: now - index,
      ...(index < 3 && { assignee: 'ada' }),
    }));

    const { value } = await anOperator([...storm, contained]).ask('GET /summary');

    expect(summary.parse(value)).toEqual(value);
    expect(value).toEqual({
      counts: { 'awaiting-approval': 290, contained: 1 },
      groups: [
        {
          status: 'awaiting-approval',
          behaviors: ['myapp-processes/no-child-processes'],
          severity: 'critical',
          cases: 290,
          firstOpenedAt: now - 289,
          lastOpenedAt: now,
          firstExpiresAt: now + 60_000,
          assigned: 3,
          things: ['pump-0', 'pump-1', 'pump-10', 'pump-100', 'pump-101'],
        },
        expect.objectContaining({ status: 'contained', cases: 1 }),
      ],
      isComplete: true,
    });
  });

  it('counts what a filter leaves, as the list with this filter has it', async () => {
    const storm = Array.from({ length: 12 }, (_, index) => ({
      ...waiting,
      thingName: thingKey(`pump-${index}`),
    }));
    const ask = anOperator([...storm, contained]).ask;
    const queryStringParameters = { thing: 'pump-1', severity: 'critical' };

    const { value } = await ask('GET /summary', { queryStringParameters });
    const refused = await ask('GET /summary', { queryStringParameters: { everything: 'true' } });

    expect(value.counts).toEqual({ 'awaiting-approval': 3 });
    expect(value.groups).toEqual([expect.objectContaining({ cases: 3 })]);
    expect([refused.status, refused.value.field]).toEqual([400, 'everything']);
  });

  it('shows a storm of findings of one sender as one line, although each has its own id', async () => {
    const [violation] = Object.values(waiting.violations);
    const storm = Array.from({ length: 6 }, (_, index) => ({
      ...waiting,
      thingName: thingKey(`pump-${index}`),
      violations: { [`external finding/scanner/id-${index}`]: violation },
    }));
    const ask = anOperator([...storm, waiting] as Case[]).ask;

    const { value } = await ask('GET /summary');
    const [group] = value.groups;
    const queryStringParameters = { behaviors: group.behaviors.join(',') };
    const { value: list } = await ask('GET /cases', { queryStringParameters });

    expect(group).toMatchObject({ cases: 6, behaviors: ['external finding/scanner'] });
    expect(list.cases).toHaveLength(6);
  });
});

it('the fleet is shown with its limit, its silent agents, what is exempt and the kill switch', async () => {
  const { value } = await anOperator([contained], {
    listSilent: async () => [thingKey('quiet')],
    listDegraded: async () => [
      { thingName: thingKey('blind'), degraded: ['hidden', 'state'] },
      { thingName: thingKey('later'), degraded: ['constructor'] },
    ],
    killSwitch: async () => ({ state: 'unknown', reason: 'denied' }) as never,
  }).ask('GET /fleet');

  expect(fleet.parse(value)).toEqual(value);
  expect(value).toMatchObject({
    cases: { counts: { contained: 1 }, isComplete: true },
    fleetLimit: { used: 0 },
    silentAgents: { count: 1, things: ['quiet'] },
    degradedAgents: {
      count: 2,
      things: [
        {
          thingName: 'blind',
          degraded: ['hidden', 'state'],
          words: "can't see all processes; can't store what must survive a restart",
        },
        { thingName: 'later', degraded: ['constructor'], words: 'reports constructor' },
      ],
    },
    killSwitch: { state: 'unknown' },
  });
});

it('the fleet names the first hundred silent or degraded agents, and says how many more there are', async () => {
  const many = Array.from({ length: 10_000 }, (_, index) => thingKey(`pump-${index}`));
  const { value } = await anOperator([], {
    listSilent: async () => many.slice(0, 101),
    listDegraded: async () => many.map((thingName) => ({ thingName, degraded: ['hidden'] })),
  }).ask('GET /fleet');

  expect(value.silentAgents).toMatchObject({ count: 101, more: 1 });
  expect(value.silentAgents.things).toHaveLength(100);
  expect(value.degradedAgents).toMatchObject({ count: 10_000, more: 9_900 });
  expect(value.degradedAgents.things).toHaveLength(100);
});

describe('a thing', () => {
  it('is shown with its cases, its registry entry, its agent and its metrics', async () => {
    const metrics = [{ metric: 'num_child_procs_myapp', at: now, value: { number: 1 } }];
    const health = { version: '1.2.0', restarts: 0, spool: 0, degraded: ['hidden'] };
    const { value } = await anOperator([contained, { ...released, caseId: 'case-0' } as Case], {
      listMetrics: async () => metrics,
      cases: { load: async () => ({ value: contained, version: 1 }) },
      loadState: async () =>
        ({ value: { agent: { heardAt: now, principal: 'x', health } }, version: 1 }) as never,
    }).ask('GET /things/{thing}', thing);

    expect(thingAnswer.parse(value)).toEqual(value);
    expect(value).toMatchObject({
      case: { caseId: 'case-1', status: 'contained' },
      earlier: [{ caseId: 'case-0', status: 'closed' }],
      registry: { groups: ['sensors'], certificates: [{ escapesGroup: false }] },
      agent: { heardAt: now, health, words: "can't see all processes" },
      metrics,
    });
  });

  it('that is unknown is a 404', async () => {
    expect((await anOperator().ask('GET /things/{thing}', thing)).status).toBe(404);
  });
});

describe('a chart', () => {
  it('has the values, what bounds them, and when the thing was in alarm and contained', async () => {
    const { value } = await anOperator([contained]).ask('GET /things/{thing}/metrics/{metric}', {
      pathParameters: { thing: 'mything1', metric: 'num_child_procs_myapp' },
    });

    expect(metricSeries.parse(value)).toEqual(value);
    expect(value.behaviors).toEqual([
      expect.objectContaining({ behavior: 'no-child-processes', criteria: expect.any(Object) }),
    ]);
    expect(value.marks).toEqual([
      {
        at: expect.any(Number),
        kind: 'alarm',
        caseId: 'case-1',
        behavior: 'myapp-processes/no-child-processes',
      },
      { at: now, kind: 'contained', caseId: 'case-1' },
    ]);
  });

  it('is offered for each metric that values are kept of', async () => {
    const listMetrics = async () => [{ metric: 'aws:all-bytes-out', at: now, value: { count: 1 } }];
    const { value } = await anOperator([], { listMetrics }).ask('GET /things/{thing}/metrics', thing);

    expect(metricList.parse(value)).toEqual(value);
    expect(value.metrics).toHaveLength(1);
  });
});
