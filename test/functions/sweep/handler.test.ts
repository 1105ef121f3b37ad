import { jest } from '@jest/globals';
import { sweep } from '../../../functions/sweep/handler';
import type { Quarantine } from '../../../functions/sweep/repair-quarantine';
import type { QuarantinePart } from '../../../shared/aws/quarantine-watch';
import type { Case } from '../../../shared/domain/case/case';
import type { Violation } from '../../../shared/domain/findings/violation';
import type { KillSwitch } from '../../../shared/domain/guards/kill-switch';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { FleetSize } from '../../../shared/ports/storage';
import { awsError } from '../../aws-error';
import { aViolation, changeCase, changedBy, now } from '../../builders';
import { fakeQueue, fakeTelemetry } from '../../fakes';

/** Drift and lost alerts are looked for every fifth minute. */
const fifthMinute = now - (now % 300_000);

const never = () => Promise.reject(new Error('there is no digest'));

interface Registry {
  at: number;
  /** Of the registry's list: ten things each. */
  readonly pages: number;
  readonly pageMs: number;
  refusesToken: boolean;
  readonly countedFrom: (string | undefined)[];
  readonly killSwitch: KillSwitch;
  mailed: readonly string[];
  missing: Awaited<ReturnType<Quarantine['findMissing']>>;
  /** What AWS refuses to have put back. */
  unrepairable: QuarantinePart | undefined;
  readonly retries: readonly string[];
  /** The alerts topic accepts nothing. */
  readonly silenced: boolean;
  /** Commands in the queue. */
  waiting: number;
  /** The index can't be read for them. */
  readonly unreadable: boolean;
  readonly routine: readonly string[];
  readonly members: readonly string[];
  readonly active: readonly Violation[];
  readonly stored: Readonly<Record<string, { value: Case; version: number }>>;
  /** Somebody looks at a case. */
  looked: () => void;
}

function setUp(due: readonly string[], refused: readonly string[] = [], over: Partial<Registry> = {}) {
  const world: Registry = {
    at: now,
    pages: 4,
    pageMs: 0,
    refusesToken: false,
    countedFrom: [],
    killSwitch: { state: 'off' },
    mailed: ['soc@example.com'],
    missing: [],
    unrepairable: undefined,
    retries: [],
    unreadable: false,
    silenced: false,
    waiting: 0,
    routine: [],
    members: [],
    active: [],
    stored: {},
    looked: () => undefined,
    ...over,
  };
  const { sent, commands } = fakeQueue();
  const sentAt: number[] = [];
  const beats: string[] = [];
  const { counts, lines, log, metrics } = fakeTelemetry();
  const asked: unknown[] = [];
  const fleet: { size: FleetSize | undefined } = { size: undefined };
  const run = sweep({
    cases: {
      async listDue(at, limit) {
        asked.push([at, limit]);
        return due.slice(0, limit).map((name) => thingKey(name));
      },
      async listRetries(_, limit) {
        if (world.unreadable) throw awsError('ProvisionedThroughputExceededException');
        return world.retries.slice(0, limit).map((name) => thingKey(name));
      },
      listRoutine: async (_, limit) => world.routine.slice(0, limit).map((name) => thingKey(name)),
      async load(thingName) {
        world.looked();
        return world.stored[thingName];
      },
    },
    fleetLimit: {
      readSize: async () => fleet.size,
      async saveSize(size) {
        fleet.size = size;
      },
    },
    killSwitch: async () => world.killSwitch,
    countWaiting: async () => world.waiting,
    quarantine: {
      findMissing: async () => [...world.missing],
      repair: async (part) => {
        if (world.unrepairable === part) throw awsError('VersionsLimitExceededException');
        world.missing = world.missing.filter((one) => one !== part);
      },
    },
    email: {
      addresses: ['soc@example.com'],
      mailed: {
        announcements: async () => new Set(world.mailed),
        alarms: async () => new Set(world.mailed),
      },
    },
    alerts: {
      async publish(alert) {
        if (world.silenced) throw awsError('AuthorizationError');
        beats.push(alert);
      },
    },
    digest: {
      everyMs: undefined,
      digests: { load: never, save: never, list: never },
      announcer: { publish: never },
      routes: undefined,
      consoleUrl: '',
    },
    storms: { limit: undefined, storms: { list: never, save: never, listCases: never } },
    listMembers: async function* () {
      yield* world.members;
    },
    listActive: async function* () {
      yield* world.active;
    },
    async *countThings(from) {
      world.countedFrom.push(from);
      const first = Number(from ?? 0);
      if (world.refusesToken && from !== undefined) throw awsError('InvalidRequestException');
      for (let page = first; page < world.pages; page += 1) {
        world.at += world.pageMs;
        yield { things: 10, ...(page + 1 < world.pages && { next: String(page + 1) }) };
      }
    },
    commands: {
      async send(command, id) {
        if (refused.includes(command.thingName)) throw awsError('Throttled');
        sentAt.push(Date.now());
        await commands.send(command, id);
      },
    },
    log,
    metrics,
    clock: () => world.at,
  });
  return { run, sent, sentAt, beats, counts, lines, asked, fleet, world };
}

/** Runs it each minute with a clock of its own. */
async function runForMinutes(minutes: number, run: (event: { time: string }) => Promise<void>) {
  jest.useFakeTimers({ now: fifthMinute });
  const runs: Promise<void>[] = [];
  for (let minute = 0; minute < minutes; minute += 1) {
    runs.push(run({ time: new Date().toISOString() }));
    await jest.advanceTimersByTimeAsync(60_000);
  }
  await Promise.all(runs);
}

function mostInASecond(times: readonly number[]): number {
  return Math.max(...times.map((at) => times.filter((other) => other >= at && other < at + 1_000).length));
}

describe('the sweep', () => {
  it('sends each due case back to its mailbox, once a minute', async () => {
    const { run, sent, counts, asked } = setUp(['a', 'b']);

    await run();
    await run();

    const minute = Math.floor(now / 60_000);
    expect(asked[0]).toEqual([now, 225]);
    expect(sent.slice(0, 2)).toEqual([
      { command: { type: 'resume', thingName: 'a' }, id: `resume#a#${minute}` },
      { command: { type: 'resume', thingName: 'b' }, id: `resume#b#${minute}` },
    ]);
    expect(new Set(sent.map(({ id }) => id)).size).toBe(2);
    expect(counts).toEqual({ SweepRun: 2, CaseResumed: 4 });
  });

  it('reports an address that receives no mail to operators, each minute until it does', async () => {
    const { run, counts, lines, world } = setUp([], [], { mailed: [] });

    await run();
    world.mailed = ['soc@example.com'];
    await run();

    expect(counts).toEqual({ SweepRun: 2, CaseResumed: 0, EmailNotSubscribed: 2 });
    expect(lines.filter(({ level }) => level === 'error')).toEqual(
      ['announcements', 'alarms'].map((topic) => ({
        level: 'error',
        message: 'addresses in cordon.yml receive no mail: unconfirmed or unsubscribed',
        fields: { topic, missing: ['soc@example.com'] },
      })),
    );
  });

  it.each(['thing group', 'policy on the group', 'policy', 'text of the policy'] as const)(
    'restores a missing %s, notifies operators, and has each held thing verified again before it is due',
    async (missing) => {
      const { run, sent, counts, asked, lines, world } = setUp(['held'], [], { missing: [missing] });

      await run();
      await run();

      expect(world.missing).toEqual([]);
      expect(asked.map((call) => (call as number[])[0])).toEqual([now + 2 * 3_600_000, now]);
      expect(sent.map(({ command }) => command)).toEqual([
        { type: 'resume', thingName: 'held', early: true },
        { type: 'resume', thingName: 'held' },
      ]);
      expect(counts).toMatchObject({ QuarantineBroken: 1, SweepRun: 2 });
      expect(lines).toContainEqual({
        level: 'error',
        message: 'the quarantine was incomplete: repaired',
        fields: { missing },
      });
    },
  );

  it('restores all that is missing in one run, and what it can if a part cannot be restored', async () => {
    const { run, sent, counts, world } = setUp(['held'], [], {
      missing: ['text of the policy', 'policy on the group'],
      unrepairable: 'text of the policy',
    });

    await expect(run()).rejects.toThrow('parts of the sweep failed');
    expect(world.missing).toEqual(['text of the policy']);
    expect(sent.map(({ command }) => command)).toEqual([{ type: 'resume', thingName: 'held', early: true }]);

    world.unrepairable = undefined;
    await run();
    expect(world.missing).toEqual([]);
    expect(counts).toMatchObject({ QuarantineBroken: 3 });
  });

  it.each<KillSwitch>([{ state: 'on' }, { state: 'unknown', reason: 'AccessDeniedException: no' }])(
    'only reports a missing policy to operators while the kill switch is %j',
    async (killSwitch) => {
      const { run, sent, counts, world } = setUp(['held'], [], {
        missing: ['policy on the group'],
        killSwitch,
      });

      await run();

      expect(world.missing).toEqual(['policy on the group']);
      expect(sent.map(({ command }) => command)).toEqual([{ type: 'resume', thingName: 'held' }]);
      expect(counts).toMatchObject({ QuarantineBroken: 1 });
    },
  );

  it('handles urgent cases before denials that only need verification', async () => {
    const names = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind}${i}`);
    jest.useFakeTimers({ now });
    const { run, sent } = setUp(names('urgent', 600), [], { routine: names('held', 10_000) });
    const running = run();
    await jest.advanceTimersByTimeAsync(60_000);
    await running;
    jest.useRealTimers();

    const order = sent.map(({ command }) => command.thingName);
    expect(order.slice(0, 200)).toEqual(names('urgent', 200));
    // However much is urgent, some of the denials are looked at in each run.
    expect(order.slice(200)).toEqual(names('held', 25));
  });

  it('handles urgent cases before a fleet whose denials can no longer be verified', async () => {
    const names = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind}${i}`);
    jest.useFakeTimers({ now });
    const { run, sent } = setUp(names('urgent', 100), [], {
      retries: names('failed', 10_000),
      routine: names('held', 10_000),
    });
    const running = run();
    await jest.advanceTimersByTimeAsync(60_000);
    await running;
    jest.useRealTimers();

    const order = sent.map(({ command }) => command.thingName);
    expect(order.slice(0, 100)).toEqual(names('urgent', 100));
    expect(order.slice(100, 175)).toEqual([...names('failed', 50), ...names('held', 25)]);
    expect(order.slice(175)).toEqual(names('failed', 100).slice(50));
  });

  it('sends little but urgent cases while respond has a backlog of commands', async () => {
    const names = (kind: string, count: number) => Array.from({ length: count }, (_, i) => `${kind}${i}`);
    jest.useFakeTimers({ now });
    const { run, sent } = setUp(['urgent'], [], {
      waiting: 50,
      retries: names('failed', 200),
      routine: names('held', 200),
    });
    const running = run();
    await jest.advanceTimersByTimeAsync(60_000);
    await running;
    jest.useRealTimers();

    expect(sent.map(({ command }) => command.thingName)).toEqual([
      'urgent',
      ...names('failed', 50),
      ...names('held', 25),
    ]);
  });

  it('sends no second verification of a denial while the last one may still wait in the queue', async () => {
    const { run, sent, world } = setUp(['urgent'], [], { at: fifthMinute + 60_000, routine: ['held'] });

    await run();
    world.at += 60_000;
    await run();
    world.at = fifthMinute + 300_000;
    await run();

    const idsOf = (name: string) =>
      new Set(sent.flatMap(({ command, id }) => (command.thingName === name ? id : [])));
    expect(idsOf('urgent').size).toBe(3);
    expect(idsOf('held').size).toBe(2);
  });

  it('handles urgent cases, and then fails, if the rest cannot be listed', async () => {
    const { run, sent } = setUp(['urgent'], [], { unreadable: true, routine: ['held'] });

    await expect(run()).rejects.toThrow('parts of the sweep failed');

    expect(sent.map(({ command }) => command.thingName)).toEqual(['urgent', 'held']);
  });

  it('gives verifications all the capacity that urgent cases do not need', async () => {
    const { run, sent } = setUp(['urgent'], [], { routine: ['held1', 'held2'] });

    await run();

    expect(sent.map(({ command }) => command.thingName)).toEqual(['urgent', 'held1', 'held2']);
  });

  it('sends the others and then fails if one could not be sent', async () => {
    const { run, sent, counts } = setUp(['a', 'b', 'c'], ['b']);

    await expect(run()).rejects.toThrow('parts of the sweep failed');

    expect(sent.map(({ command }) => command.thingName)).toEqual(['a', 'c']);
    expect(counts).toEqual({ SweepRun: 1, CaseResumed: 2 });
  });

  const open = (violation: Violation) => {
    const thingName = thingKey(violation.thingName);
    return { value: changedBy(undefined, { type: 'violation', thingName, violation }), version: 1 };
  };

  it('handles urgent cases before it compares a fleet of held things, which takes long', async () => {
    const members = Array.from({ length: 1_000 }, (_, index) => `held${index}`);
    const stored = Object.fromEntries(
      members.map((thingName) => [thingName, open(aViolation({ thingName }))]),
    );
    const { run, sent, world } = setUp(['urgent'], [], { at: fifthMinute, members, stored });
    const order: string[] = [];
    world.looked = () => void order.push(sent.length === 0 ? 'before' : 'after');

    await run();

    expect(sent[0]?.command).toEqual({ type: 'resume', thingName: 'urgent' });
    expect(order[0]).toBe('after');
  });

  it('reports a thing in the quarantine group that no case holds', async () => {
    const conflict = open(aViolation({ thingName: 'conflict' }));
    const stored = {
      held: open(aViolation({ thingName: 'held' })),
      // Nothing holds it, and its open case says why: the command could change nothing.
      conflict: {
        ...conflict,
        value: changeCase(conflict.value, { status: 'release-conflict', ledger: [] }),
      },
    };
    const { run, sent } = setUp([], [], { at: fifthMinute, members: ['held', 'conflict', 'stray'], stored });

    await run();

    expect(sent.map(({ command }) => command)).toEqual([{ type: 'drift', thingName: 'stray' }]);
  });

  it('sends an active violation whose alert never came, and no other', async () => {
    const occurredAt = fifthMinute - 1;
    const known = aViolation({ thingName: 'known', occurredAt });
    const lost = aViolation({ thingName: 'lost', occurredAt });
    const { run, sent } = setUp([], [], {
      at: fifthMinute,
      active: [known, lost],
      stored: { known: open(known) },
    });

    await run();

    expect(sent.map(({ command }) => command)).toEqual([
      { type: 'violation', thingName: 'lost', violation: lost },
    ]);
  });

  it('finds a lost alert and a stray thing behind a thousand that are known, in the run after', async () => {
    const known = Array.from({ length: 1_000 }, (_, index) =>
      aViolation({ thingName: `thing-${index}`, occurredAt: fifthMinute - 1 }),
    );
    const lost = aViolation({ thingName: 'lost', occurredAt: fifthMinute - 1 });
    const { run, sent } = setUp([], [], {
      at: fifthMinute,
      active: [...known, lost],
      members: [...known.map(({ thingName }) => thingName), 'stray'],
      stored: Object.fromEntries(known.map((one) => [one.thingName, open(one)])),
    });

    await run();
    expect(sent).toEqual([]);
    await run();

    expect(sent.map(({ command: { type, thingName } }) => [type, thingName]).toSorted()).toEqual([
      ['drift', 'stray'],
      ['violation', 'lost'],
    ]);
  });

  it('dates an active violation from the future by the present time, once', async () => {
    const claimedAt = fifthMinute + 86_400_000;
    const ahead = aViolation({ occurredAt: claimedAt });
    const first = setUp([], [], { at: fifthMinute, active: [ahead] });
    await first.run();
    const taken = { ...ahead, occurredAt: fifthMinute, claimedAt };
    expect(first.sent.map(({ command }) => command)).toMatchObject([{ violation: taken }]);

    const again = setUp([], [], {
      at: fifthMinute + 300_000,
      active: [ahead],
      stored: { mything1: open(taken) },
    });
    await again.run();

    expect(again.sent).toEqual([]);
  });

  it.each([
    ['late for its turn', fifthMinute + 61_000, fifthMinute, 1],
    ['late, and not its turn', fifthMinute, fifthMinute - 60_000, 0],
  ])('uses the minute that it was scheduled for: %s', async (_, at, scheduledAt, drifts) => {
    const { run, sent } = setUp([], [], { at, members: ['stray'] });

    await run({ time: new Date(scheduledAt).toISOString() });

    expect(sent).toHaveLength(drifts);
  });

  it('counts the fleet once an hour, for limits that are a percentage', async () => {
    const { run, fleet } = setUp([], [], { at: fifthMinute });

    await run();

    expect(fleet.size).toEqual({ things: 40, countedAt: fifthMinute });
  });

  it('continues a count that takes longer than a run, and keeps the last result until the count is done', async () => {
    const last = { things: 7, countedAt: now - 3_600_000 };
    const { run, fleet, world } = setUp([], [], { pageMs: 30_000 });
    fleet.size = last;

    await run();
    expect(fleet.size).toEqual({ ...last, counting: { things: 20, next: '2' } });
    await run();

    expect(world.countedFrom).toEqual([undefined, '2']);
    expect(fleet.size).toEqual({ things: 40, countedAt: now + 120_000 });
    await run();
    expect(world.countedFrom).toHaveLength(2);
  });

  it('restarts a count if the registry no longer knows the place', async () => {
    const { run, fleet, world } = setUp([], [], { pageMs: 30_000, refusesToken: true });

    await run();
    await expect(run()).rejects.toThrow('parts of the sweep failed');
    world.refusesToken = false;
    await run();

    expect(world.countedFrom).toEqual([undefined, '2', undefined]);
    expect(fleet.size).toMatchObject({ counting: { things: 20 } });
  });

  describe('the sweep, with more work than IoT Core accepts (docs/facts.md#quotas),', () => {
    afterEach(() => void jest.useRealTimers());

    it('sends at most five commands a second, and ends within its minute', async () => {
      const due = Array.from({ length: 1_000 }, (_, index) => `thing${index}`);
      const { run, sentAt } = setUp(due);

      await runForMinutes(2, run);

      expect(mostInASecond(sentAt)).toBe(5);
      expect(sentAt.filter((at) => at < fifthMinute + 60_000)).toHaveLength(225);
      expect(sentAt).toHaveLength(450);
      expect(sentAt.filter((at) => at >= fifthMinute + 50_000 && at < fifthMinute + 60_000)).toEqual([]);
    });

    it('leaves time for alerts that never arrived and for things that no case holds, however much is urgent', async () => {
      const active = Array.from({ length: 300 }, (_, index) =>
        aViolation({ thingName: `lost${index}`, violationId: `v${index}` }),
      );
      const members = Array.from({ length: 300 }, (_, index) => `stray${index}`);
      const due = Array.from({ length: 300 }, (_, index) => `due${index}`);
      const { run, sent, sentAt } = setUp(due, [], { at: fifthMinute, active, members });

      await runForMinutes(1, run);

      expect(mostInASecond(sentAt)).toBe(5);
      const types = sent.map(({ command }) => command.type);
      const count = (type: string) => types.filter((one) => one === type).length;
      expect([count('violation'), count('drift'), count('resume')]).toEqual([125, 50, 50]);
      expect(new Set(types.slice(0, 50))).toEqual(new Set(['resume']));
    });
  });

  it.each([
    ['on', 'KillSwitchOn', 'the kill switch is on, by ada'],
    ['unknown', 'KillSwitchUnreadable', "the kill switch can't be read (AccessDenied: no)"],
  ] as const)('reports a kill switch that is %s to the alarms', async (state, metric, message) => {
    const killSwitch = { state, ...(state === 'on' ? { by: 'ada' } : { reason: 'AccessDenied: no' }) };
    const { run, counts, lines } = setUp([], [], { killSwitch });

    await run();

    expect(counts).toEqual({ [metric]: 1, SweepRun: 1, CaseResumed: 0 });
    expect(lines).toContainEqual(expect.objectContaining({ level: 'warn', message }));
  });

  it('reports that it ran, even with nothing due', async () => {
    const { run, counts } = setUp([]);

    await run();

    expect(counts).toEqual({ SweepRun: 1, CaseResumed: 0 });
  });

  it.each(['off', 'on', 'unknown'] as const)(
    'sends a heartbeat in each run while the kill switch is %s',
    async (state) => {
      const { run, beats, world } = setUp([], [], { killSwitch: { state } });

      await run();
      world.at += 60_000;
      await run();

      expect(beats.map((alert) => JSON.parse(alert))).toMatchObject(
        [now, now + 60_000].map((violationEventTime) => ({
          thingName: 'cordon-heartbeat',
          violationEventType: 'alarm-invalidated',
          violationEventTime,
        })),
      );
    },
  );

  it('does everything else, and then fails, if the heartbeat cannot be sent', async () => {
    const { run, sent, counts } = setUp(['a'], [], { silenced: true });

    await expect(run()).rejects.toThrow('parts of the sweep failed');

    expect(sent.map(({ command }) => command.thingName)).toEqual(['a']);
    expect(counts).toEqual({ SweepRun: 1, CaseResumed: 1 });
  });

  it('passes over a thing with the name of the heartbeat', async () => {
    const { run, sent } = setUp([], [], {
      at: fifthMinute,
      members: ['cordon-heartbeat', 'other'],
      active: [aViolation({ thingName: 'cordon-heartbeat' })],
    });

    await run();

    expect(sent.map(({ command }) => command)).toEqual([{ type: 'drift', thingName: 'other' }]);
  });
});
