import stringWidth from 'string-width';
import { findCases, type ListFlags, listCases } from '../../../cli/cases/list';
import { plain } from '../../../cli/look/style';
import type { ToldFlood } from '../../../shared/domain/detection/floods';
import type { KillSwitch } from '../../../shared/domain/guards/kill-switch';
import { outlineCase } from '../../../shared/domain/lists/outline';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { CaseQuery } from '../../../shared/storage/case-list';
import { aConfiguration, aPlaybook, changeCase, now, someFacts, words } from '../../builders';
import { aContainedCase, advance, alarm, aReleasedCase, aTable } from '../stored-cases';

const later = now + 7_500_000;
type Table = Parameters<typeof listCases>[1];
const read = async (table: Table, flags: Partial<ListFlags> = {}, screen = plain) =>
  (await listCases({ limit: 100, ...flags }, table, screen, later)).split('\n');
/** The list without its last line, which is on the pipeline. */
const list = async (...args: Parameters<typeof read>) => (await read(...args)).slice(0, -1);

const heartbeat = {
  ...{ sentAt: later - 40_230, takenAt: later - 40_200, arrivedAt: later - 40_100 },
  announcedAt: later - 40_000,
};

const { record: contained } = aContainedCase({}, { facts: someFacts({ groups: ['sensors'] }) });
const named = (name: string, over: object) => changeCase(contained, { thingName: thingKey(name), ...over });
const asking = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
const waiting = changeCase(advance(undefined, alarm(), { configuration: asking }), {
  thingName: thingKey('mything4'),
});
const observed = named('mything2', { status: 'observed', severity: 'low', caseId: 'case-1' });
const failed = named('mything3', {
  status: 'containment-failed',
  caseId: 'case-1',
  reason: words('AWS refused'),
  assignee: 'bob',
  lastActor: 'ada',
});
const stored = [contained, observed, failed, waiting].map((record) => ({ record, rows: [] }));

describe('list', () => {
  it('has a header, puts cases first that need a person, and says why, since when and for how long each waits', async () => {
    expect(await list(aTable(stored))).toEqual([
      'STATUS              SEVERITY  THING     BEHAVIOR            AGE  LEFT  WHO  CASE    REASON',
      'containment-failed  critical  mything3  no-child-processes   2h        bob  case-1  AWS refused',
      'awaiting-approval   critical  mything4  no-child-processes   2h   21h       case-1  playbook spawned-child asks before it acts',
      'contained           critical  mything1  no-child-processes   2h             case-1',
      'observed            low       mything2  no-child-processes   2h             case-1',
      '4 cases: 1 containment-failed, 1 awaiting-approval, 1 contained, 1 observed',
    ]);
  });

  it('has a case once, in its newest status, that changed its status between two pages', async () => {
    const at = (status: 'observed' | 'contained') => ({
      ...{ thingName: contained.thingName, caseId: contained.caseId, severity: contained.severity },
      ...{ status, updatedAt: later, ...outlineCase(contained) },
    });
    const page = async ({ cursor }: CaseQuery) =>
      cursor === undefined
        ? { cases: [at('observed')], examined: 2_000, next: 'on' }
        : { cases: [at('contained')], examined: 1 };
    const reader = { list: { page }, history: { listClosed: async () => ({ cases: [], damaged: [] }) } };

    expect(await findCases({}, 100, reader, later)).toEqual({ cases: [at('contained')], isMore: false });
  });

  it.each([
    [{ status: ['observed'] }, ['mything2']],
    [{ severity: ['low', 'medium'] }, ['mything2']],
    [{ behavior: 'no-child-processes', status: ['contained'] }, ['mything1']],
    [{ behavior: 'other' }, []],
    [{ thing: 'mything3' }, ['mything3']],
    [{ thing: 'mything' }, []],
    [{ thing: 'mything*', status: ['contained', 'observed'] }, ['mything1', 'mything2']],
    [{ group: 'none' }, []],
    [{ actor: 'bob' }, ['mything3']],
  ] as const)('selects cases: %j', async (flags, things) => {
    const lines = await list(aTable(stored), flags);

    expect(lines.slice(1, -1).map((line) => line.split(/ +/)[2])).toEqual(things);
    if (things.length > 0) return;
    expect(lines).toEqual([
      'thing' in flags
        ? "No case matches. --thing mything selects only the thing with this name; 'mything*' selects all names that begin with it."
        : 'No case matches.',
    ]);
  });

  it('lists closed cases when asked to, but none that has expired and is not yet deleted', async () => {
    const closed = aReleasedCase();
    const old = changeCase(closed.record, { closedAt: later - 90 * 86_400_000, caseId: 'case-0' });
    const table = aTable([], [closed, { record: old, rows: [] }]);
    const kept = { ...table.history, listClosed: async () => ({ cases: [closed.record], damaged: [] }) };

    const lines = await list({ ...table, history: kept }, { closed: true });

    expect(lines.slice(1)).toEqual([
      expect.stringMatching(/^closed +critical +mything1 +no-child-processes +2h +ada +case-1 +released: /),
      '1 case: 1 closed',
    ]);
  });

  it('has the most urgent case of each status first: the more severe, then the one that expires first, then the older', async () => {
    const wait = (name: string, over: object) => changeCase(waiting, { thingName: thingKey(name), ...over });
    const cases = [
      wait('low-old', { severity: 'low', openedAt: now - 9_000 }),
      wait('late', { dueAt: later + 9_000_000 }),
      wait('first', { dueAt: later + 8_000_000 }),
      wait('low-soon', { severity: 'low', dueAt: later + 60_000 }),
    ];

    const lines = await list(aTable(cases.map((record) => ({ record, rows: [] }))), { limit: 3 });

    expect(lines.slice(1, -1).map((line) => line.split(/ +/)[2])).toEqual(['low-soon', 'first', 'late']);
    expect(lines.at(-1)).toContain('and more');
  });

  it('says on a terminal what to type next, and not if another program reads it', async () => {
    const many = ['a', 'b', 'c'].map((name) => changeCase(waiting, { thingName: thingKey(name) }));
    const table = aTable([...many, failed].map((record) => ({ record, rows: [] })));
    const next = async (flags: Partial<ListFlags> = {}) =>
      (await read(table, flags, { ...plain, width: 80 })).filter((line) => /^(next:| {5}) cordon/.test(line));
    const approve = '      cordon approve --all --behavior myapp-processes/no-child-processes --expect 3';

    expect(await next()).toEqual(['next: cordon show mything3', approve]);
    expect(await next({ behavior: 'no-child-processes', status: ['awaiting-approval'] })).toEqual([
      'next: cordon show a',
      approve,
    ]);
    // The list does not show all of them.
    expect(await next({ limit: 3 })).toEqual(['next: cordon show mything3']);
    expect(await next({ thing: 'a*' })).toEqual(['next: cordon show a']);
    expect((await read(table)).join()).not.toContain('next:');
    const called = await read(table, { limit: 3 }, { ...plain, width: 80, command: 'npx cordon' });
    expect(called).toContain('next: npx cordon show mything3');
  });

  it('says that there may be more if not all could be read', async () => {
    const table = aTable(stored);
    const readAll: typeof table.list.readAll = async (statuses) => ({
      ...(await table.list.readAll(statuses)),
      isComplete: false,
    });

    expect((await list({ ...table, list: { ...table.list, readAll } })).at(-1)).toContain('and more');
  });

  it('says that there are more cases than it lists', async () => {
    expect((await list(aTable(stored), { limit: 2 })).slice(3)).toEqual([
      '2 cases: 1 containment-failed, 1 awaiting-approval, and more: --limit 20 shows them',
    ]);
  });

  it('prints the list, and the lines above it, as JSON', async () => {
    const floods = { list: async () => [aFlood({})] };
    const heartbeats = { read: async () => heartbeat };
    const table = { ...aTable(stored), floods, heartbeats };
    const text = (await read(table, { json: true, limit: 1 })).join('\n');

    expect(JSON.parse(text)).toEqual({
      cases: [expect.objectContaining({ thingName: 'mything3', status: 'containment-failed' })],
      more: true,
      floods: [aFlood({})],
      pipeline: { ...heartbeat, ms: 230, ageMs: 40_000, late: false },
    });
  });

  it('ends with the time of the newest heartbeat, and highlights one that is late', async () => {
    const marking = { ...plain, paint: (_format: unknown, text: string) => `<${text}>` };
    const endsWith = async (ago: number) => {
      const newest = {
        ...heartbeat,
        sentAt: heartbeat.sentAt - ago,
        announcedAt: heartbeat.announcedAt - ago,
      };
      return (await read({ ...aTable([]), heartbeats: { read: async () => newest } }, {}, marking)).at(-1);
    };

    expect(await endsWith(0)).toBe('pipeline: 230 ms, 40 s ago');
    expect(await endsWith(600_000)).toBe(
      '<pipeline: 230 ms, 10 min ago, NO HEARTBEAT COMES THROUGH: npx cordon doctor>',
    );
    expect((await read(aTable([]))).at(-1)).toBe('pipeline: no heartbeat yet');
  });

  it('fits the terminal, with the thing and its behavior last to go', async () => {
    for (const width of [40, 60, 80, 120, 200])
      for (const line of (await read(aTable(stored), {}, { ...plain, width })).slice(0, 5)) {
        expect(line.length).toBeLessThanOrEqual(width);
        expect(line).toMatch(/THING +BEHAVIOR|mything\d +no-child-/);
      }
  });

  it('fits a terminal of 40 columns with long names, and words wrap', async () => {
    const long = (name: string) => changeCase(waiting, { thingName: thingKey(name.repeat(30)) });
    const table = aTable([long('a'), long('b'), failed].map((record) => ({ record, rows: [] })));
    const lines = await read(
      { ...table, heartbeats: { read: async () => heartbeat } },
      { limit: 2 },
      { ...plain, width: 40 },
    );

    expect(lines.filter((line) => !/^(next:| {5}) /.test(line) && stringWidth(line) > 40)).toEqual([]);
    expect(lines.length).toBeGreaterThan(5);
  });

  it('has each status whole on a terminal of 80 columns', async () => {
    const lines = await read(aTable(stored), {}, { ...plain, width: 80 });

    expect(lines.slice(1, 5).map((line) => line.split(' ')[0])).toEqual([
      'containment-failed',
      'awaiting-approval',
      'contained',
      'observed',
    ]);
  });

  it('prints no control characters of an attacker', async () => {
    const hostile = named('mything5', { reason: words('a\u001b[2J\nmything6: closed\u202e') });

    const lines = await list(aTable([{ record: hostile, rows: [] }]));

    expect(lines).toHaveLength(3);
    expect(lines[1]).toContain('a\uFFFD[2J\uFFFDmything6: closed\uFFFD');
  });

  it('puts the kill switch above the cases unless it is off', async () => {
    const killSwitch: KillSwitch = {
      state: 'on',
      by: 'ada',
      at: '2026-11-27T02:11:00Z',
      reason: 'a \u001b[2J',
    };
    const lines = await list({ ...aTable([]), killSwitch: { read: async () => killSwitch } });

    expect(lines).toEqual([
      'The kill switch is on, since 2026-11-27T02:11:00Z, by ada (a \uFFFD[2J).',
      'No open case.',
    ]);
  });

  it('puts certificates that flood above the cases', async () => {
    const flood = aFlood({ clientId: 'x\u001b[2J' });

    expect(await list({ ...aTable([]), floods: { list: async () => [flood] } })).toEqual([
      `too many reports for mything1, by certificate abababababab… under client id x\uFFFD[2J, since ${new Date(now).toISOString()}: set aside`,
      'No open case.',
    ]);
  });
});

function aFlood(over: Partial<ToldFlood>): ToldFlood {
  return {
    thingName: 'mything1',
    sender: 'ab'.repeat(32),
    clientId: 'mything1',
    since: now,
    ...over,
  } as ToldFlood;
}
