import fc from 'fast-check';
import type { Behavior, Criteria, SecurityProfile } from '../../../../shared/domain/configuration';
import { type DetectState, newDetectState } from '../../../../shared/domain/detection/state';
import type { DeviceReport } from '../../../../shared/domain/findings/report';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';
import { criteria, judgeReport } from './judging';

/**
 * The alarms of reports in order, against a model that shares nothing with the rules: it keeps every datapoint and looks at
 * the last ones, where the rules count.
 */

const minuteMs = 60_000;
const metrics = ['load', 'names', 'aws:all-bytes-out', 'aws:num-listening-tcp-ports'] as const;
type Metric = (typeof metrics)[number];

interface Sent {
  readonly minutes: number;
  readonly values: Partial<Record<Metric, number>>;
  /** Which of the reports before comes again after it, by how many back. */
  readonly again: number | undefined;
}

const sent: fc.Arbitrary<Sent> = fc.record({
  minutes: fc.integer({ min: 1, max: 4 }),
  values: fc.record(
    Object.fromEntries(metrics.map((metric) => [metric, fc.integer({ min: 0, max: 3 })])) as Record<
      Metric,
      fc.Arbitrary<number>
    >,
    { requiredKeys: [] },
  ),
  again: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined, freq: 3 }),
});

const numeric = ['less-than', 'less-than-equals', 'greater-than', 'greater-than-equals'] as const;
const consecutive = fc.record({
  consecutiveDatapointsToAlarm: fc.integer({ min: 1, max: 4 }),
  consecutiveDatapointsToClear: fc.integer({ min: 1, max: 4 }),
});
const behavior = (index: number): fc.Arbitrary<Behavior> =>
  fc
    .record({
      metric: fc.constantFrom(...metrics),
      operator: fc.constantFrom(...numeric),
      isIn: fc.boolean(),
      bound: fc.integer({ min: 0, max: 8 }),
      durationSeconds: fc.constantFrom(300, 600, 900),
      over: consecutive,
    })
    .map(({ metric, operator, isIn, bound, durationSeconds, over }): Behavior => {
      const told = { name: `b${index}`, metric, suppressAlerts: false };
      if (metric === 'names')
        return {
          ...told,
          criteria: criteria(isIn ? 'in-set' : 'not-in-set', { strings: listNames(bound % 4) }, over),
        };
      if (metric === 'load') return { ...told, criteria: criteria(operator, { number: bound % 4 }, over) };
      const sums = metric === 'aws:all-bytes-out' ? { durationSeconds } : {};
      return { ...told, criteria: criteria(operator, { count: bound }, { ...over, ...sums }) };
    });

/** n0, n1, ... */
const listNames = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);

function reportOf({ values }: Sent, at: number): DeviceReport {
  const found = Object.entries(values).map(([metric, value]) => {
    if (metric === 'names') return [metric, { strings: listNames(value) }];
    return [metric, metric === 'load' ? { number: value } : { count: value }];
  });
  return { reportId: at, metrics: Object.fromEntries(found), evidence: [] };
}

interface Point {
  readonly at: number;
  readonly since: number;
  readonly value: number;
}

function conforms({ metric, criteria }: Behavior, points: readonly Point[]): boolean {
  const last = points.at(-1);
  if (!last) throw new Error('no datapoint');
  const { comparisonOperator: operator, value: bound = {} } = criteria;
  if (metric === 'names') {
    const allowed = bound.strings ?? [];
    return listNames(last.value).every((name) => allowed.includes(name) === (operator === 'in-set'));
  }
  const measured = metric === 'aws:all-bytes-out' ? sumOf(points, criteria) : last.value;
  const limit = bound.number ?? bound.count ?? 0;
  if (operator === 'less-than') return measured < limit;
  if (operator === 'less-than-equals') return measured <= limit;
  return operator === 'greater-than' ? measured > limit : measured >= limit;
}

/** A delta counts in the window in which at least half of its time lies; of a long one, the end. */
function sumOf(points: readonly Point[], { durationSeconds }: Criteria): number {
  const length = (durationSeconds ?? 0) * 1_000;
  const start = (points.at(-1)?.at ?? 0) - length;
  return points
    .filter(({ at, since }) => at > start && at - start >= start - Math.max(since, at - length))
    .reduce((sum, { value }) => sum + value, 0);
}

function expectedOf(all: readonly Behavior[], reports: readonly Sent[]): string[] {
  const told: string[] = [];
  for (const one of all) {
    const points: Point[] = [];
    const verdicts: boolean[] = [];
    let isOpen = false;
    let at = now;
    for (const { minutes, values } of reports) {
      at += minutes * minuteMs;
      const value = values[one.metric as Metric];
      if (value === undefined) continue;
      points.push({ at, since: points.at(-1)?.at ?? at, value });
      verdicts.push(conforms(one, points));
      const { consecutiveDatapointsToAlarm: toAlarm, consecutiveDatapointsToClear: toClear } = one.criteria;
      const row = verdicts.slice(-(isOpen ? toClear : toAlarm));
      if (row.length < (isOpen ? toClear : toAlarm) || row.some((good) => good !== isOpen)) continue;
      isOpen = !isOpen;
      told.push(`${at} ${one.name} ${isOpen ? 'in-alarm' : 'alarm-cleared'}`);
    }
  }
  return told.sort();
}

describe('the alarms of reports in order', () => {
  it('are those of a model that keeps every datapoint, and a report that comes again changes nothing', () => {
    const behaviors = fc.tuple(behavior(0), behavior(1), behavior(2));
    fc.assert(
      fc.property(behaviors, fc.array(sent, { maxLength: 30 }), (all, reports) => {
        const profile: SecurityProfile = {
          targets: ['all/things'],
          additionalMetricsToRetain: [],
          behaviors: all,
        };
        const open = new Map<string, string>();
        const told: string[] = [];
        const received: { report: DeviceReport; at: number }[] = [];
        let state: DetectState = newDetectState(thingKey('t'));
        const judge = (report: DeviceReport, at: number) =>
          judgeReport({
            ...{ state, report, at, profiles: [['p', profile]], principal: 'a'.repeat(64) },
            ...{ reportedByItself: true, nameViolation: (key, seed) => `${key}@${seed}` },
          });
        let at = now;
        for (const one of reports) {
          at += one.minutes * minuteMs;
          const report = reportOf(one, at);
          const judged = judge(report, at);
          state = judged.state;
          received.push({ report, at });
          for (const {
            behavior: { name },
            eventType,
            violationId,
            at: eventAt,
          } of judged.events) {
            told.push(`${eventAt} ${name} ${eventType}`);
            if (eventType === 'in-alarm') open.set(name, violationId);
            expect(violationId).toBe(open.get(name));
          }
          const repeated = one.again === undefined ? undefined : received.at(-1 - one.again);
          if (!repeated) continue;
          const again = judge(repeated.report, repeated.at);
          expect(again.events).toEqual([]);
          state = again.state;
        }
        expect(told.sort()).toEqual(expectedOf(all, reports));
      }),
      { numRuns: 400 },
    );
  });
});
