import type { Behavior, Criteria, SecurityProfile } from '../../../../shared/domain/configuration';
import { type DetectState, newDetectState } from '../../../../shared/domain/detection/state';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';
import { criteria, judgeReport } from './judging';

const profile = (over: Partial<Criteria> = {}): SecurityProfile => ({
  targets: ['all/things'],
  additionalMetricsToRetain: [],
  behaviors: [
    {
      name: 'b',
      metric: 'm',
      criteria: criteria('less-than-equals', { number: 0 }, over),
      suppressAlerts: false,
    },
  ],
});

/** Feeds one value per report; returns the events as `type:id`. */
function feed(values: readonly number[], over: Partial<Criteria> = {}): string[] {
  let state: DetectState = newDetectState(thingKey('t'));
  return values.flatMap((number, index) => {
    const result = judgeReport({
      state,
      report: { reportId: index + 1, metrics: { m: { number } }, evidence: [] },
      at: now + index + 1,
      profiles: [['p', profile(over)]],
      reportedByItself: true,
      nameViolation: (key, seed) => `${key}@${seed}`,
    });
    state = result.state;
    return result.events.map(({ eventType, violationId }) => `${eventType}:${violationId}`);
  });
}

describe('judgeReport', () => {
  it.each<[string, number[], Partial<Criteria>, string[]]>([
    [
      'alarms once while it lasts, and clears with the same id',
      [0, 1, 1, 2, 0, 0],
      {},
      ['in-alarm:p/b@2', 'alarm-cleared:p/b@2'],
    ],
    [
      'a second alarm has another id',
      [1, 0, 1],
      {},
      ['in-alarm:p/b@1', 'alarm-cleared:p/b@1', 'in-alarm:p/b@3'],
    ],
    [
      'waits for the datapoints in a row',
      [1, 1, 0, 1, 1, 1],
      { consecutiveDatapointsToAlarm: 3 },
      ['in-alarm:p/b@6'],
    ],
    [
      'clears after the datapoints in a row',
      [1, 0, 1, 0, 0],
      { consecutiveDatapointsToClear: 2 },
      ['in-alarm:p/b@1', 'alarm-cleared:p/b@1'],
    ],
    ['says nothing while all is normal', [0, 0, 0], {}, []],
  ])('%s', (_rule, values, over, events) => {
    expect(feed(values, over)).toEqual(events);
  });

  const input = (state: DetectState, number: number, over: object = {}) => ({
    state,
    report: { reportId: 10, metrics: { m: { number } }, evidence: [] },
    at: now + 10,
    profiles: [['p', profile()]] as const,
    reportedByItself: true,
    nameViolation: () => 'v',
    ...over,
  });

  it('returns the same state if nothing changed, so that nothing is written', () => {
    const calm = judgeReport(input(newDetectState(thingKey('t')), 0)).state;
    const again = judgeReport(
      input(calm, 0, {
        report: { reportId: 11, metrics: { m: { number: 0 } }, evidence: [] },
        at: now + 11,
      }),
    );

    expect(again.state).toBe(calm);
  });

  it('ignores a repeated report and one that arrives late', () => {
    const alarmed = judgeReport(input(newDetectState(thingKey('t')), 1)).state;

    const cleared = judgeReport(
      input(alarmed, 0, { report: { reportId: 11, metrics: { m: { number: 0 } }, evidence: [] } }),
    ).state;
    const repeated = judgeReport(input(cleared, 1));
    expect(repeated).toMatchObject({ state: cleared, events: [] });
    const late = { report: { reportId: 9, metrics: { m: { number: 0 } }, evidence: [] }, at: now + 9 };
    expect(judgeReport(input(alarmed, 0, late)).events).toEqual([]);
  });

  it.each<[string, (at: number) => { reportId: number; madeAt?: number }]>([
    ['an id in milliseconds', (at) => ({ reportId: at })],
    ['an id in seconds', (at) => ({ reportId: Math.floor(at / 1_000) })],
    ['a counter and its time', (at) => ({ reportId: (at - now) / 1_000 + 10, madeAt: at })],
    ['a counter', (at) => ({ reportId: (at - now) / 1_000 + 10 })],
  ])(
    'a report with %s that was received before the newest ends no alarm, however late it is processed',
    (_, ids) => {
      const report = (at: number, number: number) => ({
        at,
        report: { ...ids(at), metrics: { m: { number } }, evidence: [] },
      });
      for (const delayMs of [1_000, 660_000, 5 * 3_600_000]) {
        const alarmed = judgeReport(input(newDetectState(thingKey('t')), 1, report(now + delayMs, 1))).state;
        expect(judgeReport(input(alarmed, 0, report(now, 0))).events).toEqual([]);
        const eventTypes = judgeReport(input(alarmed, 0, report(now + delayMs + 1_000, 0))).events.map(
          ({ eventType }) => eventType,
        );
        expect(eventTypes).toEqual(['alarm-cleared']);
      }
    },
  );

  it('treats an id that an earlier version stored without a checksum as the same report', () => {
    const alarmed = judgeReport(input(newDetectState(thingKey('t')), 1)).state;
    const senders = alarmed.senders?.map(({ sums: _, ...sender }) => sender) ?? [];
    const earlier = { ...alarmed, senders };
    const next = { report: { reportId: 12, metrics: { m: { number: 0 } }, evidence: [] }, at: now + 12 };

    expect(judgeReport(input(earlier, 0)).events).toEqual([]);
    const cleared = judgeReport(input(earlier, 0, next)).state;
    expect(judgeReport(input(cleared, 1)).state).toBe(cleared);
    expect(judgeReport(input(cleared, 1, { ...next, at: now + 12 })).events).toEqual([]);
    const other = { ...next.report, metrics: { m: { number: 2 } } };
    expect(judgeReport(input(cleared, 1, { report: other, at: now + 13 })).events).toHaveLength(1);
  });

  it('accepts a report id that is lower than before, as some agents send after a reboot', () => {
    const alarmed = judgeReport(input(newDetectState(thingKey('t')), 1)).state;
    const rebooted = { report: { reportId: 1, metrics: { m: { number: 0 } }, evidence: [] }, at: now + 11 };

    expect(judgeReport(input(alarmed, 0, rebooted)).events.map(({ eventType }) => eventType)).toEqual([
      'alarm-cleared',
    ]);
  });

  it('lets another client raise an alarm, but neither end one nor make the thing’s own reports late', () => {
    const foreign = {
      reportedByItself: false,
      report: { reportId: Number.MAX_SAFE_INTEGER, metrics: { m: { number: 1 } }, evidence: [] },
    };
    const raised = judgeReport(input(newDetectState(thingKey('t')), 1, foreign));
    expect(raised.events.map(({ eventType }) => eventType)).toEqual(['in-alarm']);

    const foreignClear = {
      reportedByItself: false,
      report: { reportId: 5, metrics: { m: { number: 0 } }, evidence: [] },
      at: now + 12,
    };
    expect(judgeReport(input(raised.state, 0, foreignClear))).toMatchObject({
      state: raised.state,
      events: [],
    });
    expect(raised.state.lastReportId).toBe(0);
  });

  it('accepts the thing itself even if another client raised the same alarm before', () => {
    const foreign = {
      reportedByItself: false,
      report: { reportId: 5, metrics: { m: { number: 1 } }, evidence: [] },
    };
    const raised = judgeReport(input(newDetectState(thingKey('t')), 1, foreign));

    const own = judgeReport(
      input(raised.state, 1, {
        at: now + 11,
        report: { reportId: 11, metrics: { m: { number: 1 } }, evidence: [] },
      }),
    );

    expect(own.events.map(({ eventType }) => eventType)).toEqual(['in-alarm']);
  });

  it('sends at most ten events a minute for a flapping behavior', () => {
    const flapping = Array.from({ length: 100 }, (_, index) => (index + 1) % 2);

    expect(feed(flapping)).toHaveLength(10);
  });

  it('ignores a behavior whose metric is not in the report', () => {
    const missing = { report: { reportId: 3, metrics: {}, evidence: [] } };

    expect(judgeReport(input(newDetectState(thingKey('t')), 0, missing)).events).toEqual([]);
  });

  // AWS IoT takes them as names of profiles and metrics.
  it.each(['constructor', 'toString', 'hasOwnProperty'])(
    'knows nothing of the name %s, which every object inherits, until somebody reports or notes it',
    (name) => {
      const above: Behavior = {
        ...{ name, metric: name, suppressAlerts: false },
        criteria: criteria('greater-than', { number: 0 }),
      };
      const named: SecurityProfile = {
        targets: ['all/registered-things'],
        behaviors: [...profile().behaviors, above],
        additionalMetricsToRetain: [],
      };

      const { events, datapoints } = judgeReport({
        ...input(newDetectState(thingKey('t')), 1),
        profiles: [[name, named]],
      });

      expect(events.map(({ behavior }) => behavior.name)).toEqual(['b']);
      expect(datapoints.map(({ metric }) => metric)).toEqual(['m']);
    },
  );
});
