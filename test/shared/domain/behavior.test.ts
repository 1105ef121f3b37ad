import { type DetectState, detect, newDetectState, violates } from '../../../shared/domain/behavior';
import type { Criteria, SecurityProfile } from '../../../shared/domain/configuration';
import type { MetricValue } from '../../../shared/domain/violation';

function criteria(
  comparisonOperator: Criteria['comparisonOperator'],
  value: Criteria['value'],
  over: Partial<Criteria> = {},
): Criteria {
  return {
    comparisonOperator,
    value,
    consecutiveDatapointsToAlarm: 1,
    consecutiveDatapointsToClear: 1,
    ...over,
  };
}

describe('violates: criteria describe what is normal', () => {
  it.each<[Criteria['comparisonOperator'], Criteria['value'], MetricValue, boolean | undefined]>([
    ['less-than', { count: 10 }, { count: 54 }, true],
    ['less-than', { count: 10 }, { count: 10 }, true],
    ['less-than', { count: 10 }, { count: 9 }, false],
    ['less-than-equals', { number: 0 }, { number: 0 }, false],
    ['less-than-equals', { number: 0 }, { number: 1 }, true],
    ['greater-than', { number: 75 }, { number: 75 }, true],
    ['greater-than', { number: 75 }, { number: 76 }, false],
    ['greater-than-equals', { number: 20 }, { number: 20 }, false],
    ['greater-than-equals', { number: 20 }, { number: 19.9 }, true],
    ['in-port-set', { ports: [443, 80] }, { ports: [80] }, false],
    ['in-port-set', { ports: [443, 80] }, { ports: [80, 23] }, true],
    ['in-port-set', { ports: [443, 80] }, { ports: [] }, false],
    ['not-in-port-set', { ports: [23] }, { ports: [23, 80] }, true],
    ['not-in-port-set', { ports: [23] }, { ports: [80] }, false],
    ['in-set', { strings: ['a', 'b'] }, { strings: ['a', 'c'] }, true],
    ['not-in-set', { numbers: [1] }, { numbers: [2] }, false],
    ['less-than', { count: 10 }, { ports: [1] }, undefined],
    ['in-set', { strings: ['a'] }, { number: 1 }, undefined],
  ])('%s %j with %j: %s', (operator, bound, value, expected) => {
    expect(violates(value, criteria(operator, bound))).toBe(expected);
  });
});

const profile = (over: Partial<Criteria> = {}): SecurityProfile => ({
  targets: ['all/registered-things'],
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
  let state: DetectState = newDetectState('t');
  return values.flatMap((number, index) => {
    const result = detect({
      state,
      report: { reportId: index + 1, metrics: { m: { number } }, evidence: [] },
      receivedAt: index + 1,
      profiles: [['p', profile(over)]],
      reportedByItself: true,
      nameViolation: (key, reportId) => `${key}@${reportId}`,
    });
    state = result.state;
    return result.events.map(({ eventType, violationId }) => `${eventType}:${violationId}`);
  });
}

describe('detect', () => {
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
    receivedAt: 10,
    profiles: [['p', profile()]] as const,
    reportedByItself: true,
    nameViolation: () => 'v',
    ...over,
  });

  it('returns the same state where nothing changed, so that nothing is written', () => {
    const calm = detect(input(newDetectState('t'), 0)).state;
    const again = detect(
      input(calm, 0, {
        report: { reportId: 11, metrics: { m: { number: 0 } }, evidence: [] },
        receivedAt: 11,
      }),
    );

    expect(again.state).toBe(calm);
  });

  it('ignores a repeated report and one that arrives late', () => {
    const alarmed = detect(input(newDetectState('t'), 1)).state;

    expect(detect(input(alarmed, 0)).events).toEqual([]);
    const late = { report: { reportId: 9, metrics: { m: { number: 0 } }, evidence: [] }, receivedAt: 9 };
    expect(detect(input(alarmed, 0, late)).events).toEqual([]);
  });

  it('takes a report id that fell back, as some agents do at a reboot', () => {
    const alarmed = detect(input(newDetectState('t'), 1)).state;
    const rebooted = { report: { reportId: 1, metrics: { m: { number: 0 } }, evidence: [] }, receivedAt: 11 };

    expect(detect(input(alarmed, 0, rebooted)).events.map(({ eventType }) => eventType)).toEqual([
      'alarm-cleared',
    ]);
  });

  it('lets another client raise an alarm, never end one nor age the thing’s own reports', () => {
    const foreign = {
      reportedByItself: false,
      report: { reportId: Number.MAX_SAFE_INTEGER, metrics: { m: { number: 1 } }, evidence: [] },
    };
    const raised = detect(input(newDetectState('t'), 1, foreign));
    expect(raised.events.map(({ eventType }) => eventType)).toEqual(['in-alarm']);

    const foreignClear = {
      reportedByItself: false,
      report: { reportId: 5, metrics: { m: { number: 0 } }, evidence: [] },
      receivedAt: 12,
    };
    expect(detect(input(raised.state, 0, foreignClear))).toEqual({ state: raised.state, events: [] });
    expect(raised.state.lastReportId).toBe(0);
  });

  it('hears the thing itself though another client raised the same alarm before', () => {
    const foreign = {
      reportedByItself: false,
      report: { reportId: 5, metrics: { m: { number: 1 } }, evidence: [] },
    };
    const raised = detect(input(newDetectState('t'), 1, foreign));

    const own = detect(
      input(raised.state, 1, {
        receivedAt: 11,
        report: { reportId: 11, metrics: { m: { number: 1 } }, evidence: [] },
      }),
    );

    expect(own.events.map(({ eventType }) => eventType)).toEqual(['in-alarm']);
  });

  it('tells at most ten events a minute of a behavior that flaps', () => {
    const flapping = Array.from({ length: 100 }, (_, index) => (index + 1) % 2);

    expect(feed(flapping)).toHaveLength(10);
  });

  it('leaves a behavior alone whose metric is not in the report', () => {
    const missing = { report: { reportId: 3, metrics: {}, evidence: [] } };

    expect(detect(input(newDetectState('t'), 0, missing)).events).toEqual([]);
  });
});
