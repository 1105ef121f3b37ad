import { resetAlarms } from '../../../shared/domain/detection/reset';
import { thingKey } from '../../../shared/domain/thing-ref';
import { now as start } from '../../builders';
import { fakeDetection } from '../../fakes-detection';
import { aDetector, aReport, received } from './detector';

const minute = 60_000;
const interval = 5 * minute;
const health = {
  agent: '1.2.0',
  mode: 'children',
  intervalMs: interval,
  restarts: 0,
  spool: 0,
  degraded: [],
};

const missedReports = {
  targets: ['all/registered-things'],
  additionalMetricsToRetain: [],
  behaviors: [
    {
      name: 'reports',
      metric: 'cordon:missed-reports',
      criteria: {
        comparisonOperator: 'less-than' as const,
        value: { count: 3 },
        consecutiveDatapointsToAlarm: 1,
        consecutiveDatapointsToClear: 1,
      },
      suppressAlerts: false,
    },
  ],
};

/** A fleet over time, with the run of each minute. */
function aFleet(profile: Parameters<typeof aDetector>[0] = {}, ports: Parameters<typeof aDetector>[1] = {}) {
  let now = start;
  let id = 1;
  const detector = aDetector(profile, { clock: () => now, ...ports });
  const { run, tick, stored } = detector;
  return {
    ...detector,
    get now() {
      return now;
    },
    async report(thingName: string, over: object = {}, sent: object = {}) {
      id += 1;
      if (!detector.registry.has(thingName)) detector.register(thingName);
      const document = { ...aReport(0, { health, ...over }), header: { report_id: id, version: '1.0' } };
      await run(received(document, { thingName, receivedAt: now, messageId: `message-${id}`, ...sent }));
    },
    /** Lets time pass, minute by minute. */
    async pass(minutes: number) {
      for (let passed = 0; passed < minutes; passed += 1) {
        now += minute;
        await tick();
      }
    },
    messages: () => detector.told.map(([, text]) => text),
    agentOf: (thingName: string) => stored.items.get(thingName)?.value.agent,
  };
}

describe('the silence of an agent', () => {
  it('is announced once, within three intervals after its last report', async () => {
    const fleet = aFleet();
    await fleet.report('mything1');
    await fleet.pass(5);
    await fleet.report('mything1');
    await fleet.pass(10);
    expect(fleet.messages()).toEqual([]);

    await fleet.pass(6);
    expect(fleet.messages()).toEqual([
      expect.stringMatching(
        /^1 agent fell silent since \d\d:\d\d UTC: mything1\n\nWhich agents: npx cordon agents --silent\nWhat to do: docs\/runbooks\/agents-silent\.md$/,
      ),
    ]);

    await fleet.pass(60);
    expect(fleet.messages()).toHaveLength(1);
    expect(fleet.telemetry.counts.AgentFellSilent).toBe(1);
  });

  it('ends in an announcement when the agent reports again, and the next silence is announced as well', async () => {
    const fleet = aFleet();
    await fleet.report('mything1');
    await fleet.pass(20);
    await fleet.report('mything1');
    await fleet.pass(1);
    expect(fleet.messages()[1]).toMatch(/^1 of 1 agent that had fallen silent report/);

    await fleet.pass(20);
    expect(fleet.messages()[2]).toMatch(/^1 agent fell silent/);
  });

  it('ends for its behavior, too, if a report comes while its alarm is announced', async () => {
    const stored = fakeDetection();
    let comesBack: (() => Promise<void>) | undefined;
    const save: typeof stored.states.save = async (state, previous) => {
      const act = state.agent?.silentAt === undefined ? undefined : comesBack;
      if (act) comesBack = undefined;
      await act?.();
      return stored.states.save(state, previous);
    };
    const fleet = aFleet(missedReports, { ...stored, states: { ...stored.states, save } });
    comesBack = () => fleet.report('mything1');
    await fleet.report('mything1');

    await fleet.pass(20);

    expect(comesBack).toBeUndefined();
    expect(fleet.alerts.map(({ violationEventType }) => violationEventType)).toEqual([
      'in-alarm',
      'alarm-cleared',
    ]);
  });

  it('is not announced while the agent reports, at one write in two intervals', async () => {
    const fleet = aFleet();
    await fleet.report('mything1');
    const before = fleet.order.length;
    for (let turn = 0; turn < 12; turn += 1) {
      await fleet.pass(5);
      await fleet.report('mything1');
    }

    expect(fleet.messages()).toEqual([]);
    // One of them is for the hourly value of a chart.
    expect(fleet.order.slice(before).filter((what) => what.startsWith('save')).length).toBeLessThanOrEqual(7);
  });

  it('is not announced if the agent never reported', async () => {
    const fleet = aFleet();
    fleet.register('never');
    await fleet.pass(60);

    expect(fleet.messages()).toEqual([]);
  });

  it('is not announced while the thing is held, nor for three intervals afterwards', async () => {
    const fleet = aFleet();
    await fleet.report('mything1');
    fleet.held.add('mything1');
    await fleet.pass(60);
    expect(fleet.messages()).toEqual([]);

    fleet.held.delete('mything1');
    const state = await fleet.stored.states.load(thingKey('mything1'));
    if (!state) throw new Error('no state');
    await fleet.stored.states.save(resetAlarms(state.value, fleet.now, fleet.now), state.version);
    await fleet.pass(14);
    expect(fleet.messages()).toEqual([]);

    await fleet.pass(3);
    expect(fleet.messages()).toHaveLength(1);
  });

  it('is forgotten once the thing is retired', async () => {
    const fleet = aFleet();
    await fleet.report('mything1');
    fleet.registry.delete('mything1');
    await fleet.pass(60);

    expect(fleet.messages()).toEqual([]);
    expect(fleet.agentOf('mything1')).toBeUndefined();
  });

  it('is announced together with the others of a region in one message, and so is their return', async () => {
    const fleet = aFleet(missedReports);
    const names = Array.from({ length: 90 }, (_, index) => `pump${index}`);
    for (const name of names) await fleet.report(name);
    await fleet.pass(30);

    expect(fleet.messages()).toEqual([
      expect.stringMatching(/^90 agents fell silent since .*: pump\d+, .* and 85 more\n/),
    ]);
    // At most ten were announced separately, before their number was known.
    expect(fleet.alerts.length).toBeLessThanOrEqual(10);

    for (const name of names) await fleet.report(name);
    await fleet.pass(12);
    expect(fleet.messages().slice(1)).toEqual([expect.stringMatching(/^90 of 90 agents .* report again/)]);
  });

  it('raises an alarm of a behavior that limits missed reports, which the next report ends', async () => {
    const fleet = aFleet(missedReports);
    await fleet.report('mything1');
    await fleet.pass(60);
    await fleet.report('mything1');

    expect(
      fleet.alerts.map(({ violationEventType, metricValue }) => [violationEventType, metricValue]),
    ).toEqual([
      ['in-alarm', { count: 3 }],
      ['alarm-cleared', { count: 0 }],
    ]);
  });

  it.each([
    ['before the last one', -minute],
    ['soon after the last one', minute],
  ])('does not end with a report that arrived %s and is processed only now', async (_, afterMs) => {
    const fleet = aFleet(missedReports);
    await fleet.pass(5);
    const lastAt = fleet.now;
    await fleet.report('mything1');
    await fleet.pass(30);
    await fleet.report('mything1', {}, { receivedAt: lastAt + afterMs });
    await fleet.pass(10);

    expect(fleet.alerts.map(({ violationEventType }) => violationEventType)).toEqual(['in-alarm']);
    expect(fleet.messages()).toHaveLength(1);
  });

  it('ends with a report that arrived in time and was only processed too late', async () => {
    const fleet = aFleet(missedReports);
    await fleet.report('mything1');
    await fleet.pass(14);
    const inTime = fleet.now;
    await fleet.pass(3);
    expect(fleet.messages()).toHaveLength(1);
    await fleet.report('mything1', {}, { receivedAt: inTime });

    expect(fleet.alerts.map(({ violationEventType }) => violationEventType)).toEqual([
      'in-alarm',
      'alarm-cleared',
    ]);
    expect(fleet.agentOf('mything1')?.silentAt).toBeUndefined();
  });

  it('is measured by the gaps between reports if the agent declares no interval', async () => {
    const fleet = aFleet();
    for (let turn = 0; turn < 5; turn += 1) {
      await fleet.report('mything1', { health: undefined });
      await fleet.pass(2);
    }
    expect(fleet.agentOf('mything1')?.intervalMs).toBe(2 * minute);

    await fleet.pass(6);
    expect(fleet.messages()).toHaveLength(1);
  });
});

describe('a report from another certificate for a silent agent', () => {
  const other = 'b'.repeat(64);

  it.each([
    ['under its own client id', { clientId: 'mything2' }],
    ['with a certificate that is not the thing’s', { principal: other }],
    ['without a certificate', { principal: 'n/a' }],
  ])(
    'neither makes the agent look well nor suppresses the announcement of its silence, %s',
    async (_, sent) => {
      const fleet = aFleet(missedReports);
      await fleet.report('mything1', { health: { ...health, degraded: ['hidden'] } });
      for (let turn = 0; turn < 5; turn += 1) {
        await fleet.pass(5);
        await fleet.report('mything1', { health: { ...health, agent: '9.9.9' } }, sent);
      }

      expect(fleet.agentOf('mything1')?.health).toMatchObject({ version: '1.2.0', degraded: ['hidden'] });
      expect(fleet.messages()).toHaveLength(1);
      expect(fleet.alerts.map(({ violationEventType }) => violationEventType)).toEqual(['in-alarm']);
    },
  );

  it('does not make the agent look silent', async () => {
    const fleet = aFleet(missedReports);
    for (let turn = 0; turn < 8; turn += 1) {
      await fleet.report('mything1');
      const lie = { custom_metrics: { 'cordon:missed-reports': [{ number: 99 }] } };
      await fleet.report('mything1', lie, { clientId: 'mything2', principal: other });
      await fleet.pass(5);
    }

    expect([fleet.messages(), fleet.alerts]).toEqual([[], []]);
  });

  it('counts once the new certificate is attached', async () => {
    const fleet = aFleet();
    await fleet.report('mything1');
    fleet.registry.get('mything1')?.principals.push(`arn:aws:iot:us-east-1:000000000000:cert/${other}`);
    await fleet.pass(5);
    await fleet.report('mything1', { health: { ...health, agent: '1.3.0' } }, { principal: other });

    expect(fleet.agentOf('mything1')?.health?.version).toBe('1.3.0');
  });
});

describe('the health section of a report', () => {
  it('is kept if an older report is processed after it', async () => {
    const fleet = aFleet();
    const olderAt = fleet.now;
    await fleet.pass(1);
    await fleet.report('mything1', { health: { ...health, agent: '1.3.0' } });
    await fleet.report('mything1', { health: { ...health, degraded: ['hidden'] } }, { receivedAt: olderAt });

    expect(fleet.agentOf('mything1')?.health).toMatchObject({ version: '1.3.0', degraded: [] });
  });

  it.each([
    ['is text', 'fine'],
    [
      'is hostile',
      {
        agent: '<!channel>',
        mode: 7,
        degraded: ['hidden', '\u202e', 5, 'X'],
        restarts: -1,
        spool: 1e99,
        intervalMs: 1,
        notes: ['n'.repeat(999)],
      },
    ],
    ['is empty', {}],
  ])('that %s is read within bounds', async (_, told) => {
    const fleet = aFleet();
    await fleet.report('mything1', { health: told });

    const { health: kept } = fleet.agentOf('mything1') ?? {};
    if (typeof told === 'string') expect(kept).toBeUndefined();
    else expect(kept?.version).toBe('unknown');
    for (const note of kept?.notes ?? []) expect(note.length).toBeLessThanOrEqual(200);
    expect(kept?.degraded ?? []).toEqual('mode' in Object(told) ? ['hidden'] : []);
  });

  it('can be limited by a behavior', async () => {
    const [reports] = missedReports.behaviors;
    if (!reports) throw new Error('no behavior');
    const criteria = {
      ...reports.criteria,
      comparisonOperator: 'not-in-set' as const,
      value: { strings: ['hidden'] },
    };
    const fleet = aFleet({
      ...missedReports,
      behaviors: [{ ...reports, metric: 'cordon:agent-degraded', criteria }],
    });
    await fleet.report('mything1');
    await fleet.report('mything1', { health: { ...health, degraded: ['hidden', 'state'] } });
    await fleet.report('mything1');

    expect(fleet.alerts.map(({ metricValue }) => metricValue)).toEqual([
      { strings: ['hidden', 'state'] },
      { strings: [] },
    ]);
  });
});
