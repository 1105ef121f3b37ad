import { jest } from '@jest/globals';
import { aViolation, now } from '../../builders';
import { fifthMinute, openCase, setUp } from './a-sweep';

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

  it('handles urgent cases before it compares a fleet of held things, which takes long', async () => {
    const members = Array.from({ length: 1_000 }, (_, index) => `held${index}`);
    const stored = Object.fromEntries(
      members.map((thingName) => [thingName, openCase(aViolation({ thingName }))]),
    );
    const { run, sent, world } = setUp(['urgent'], [], { at: fifthMinute, members, stored });
    const order: string[] = [];
    world.looked = () => void order.push(sent.length === 0 ? 'before' : 'after');

    await run();

    expect(sent[0]?.command).toEqual({ type: 'resume', thingName: 'urgent' });
    expect(order[0]).toBe('after');
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
