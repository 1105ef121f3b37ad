import fc from 'fast-check';
import type { Criteria, SecurityProfile } from '../../../../shared/domain/configuration';
import { type DetectState, newDetectState } from '../../../../shared/domain/detection/state';
import type { DeviceReport } from '../../../../shared/domain/findings/report';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';
import { judgeReport } from './judging';

/** However the reports of ten minutes are shuffled, what they raise is the same, and nothing that comes late clears. */

const rules: Record<string, Partial<Criteria> & { metric: string }> = {
  number: { metric: 'm', comparisonOperator: 'less-than', value: { number: 2 } },
  names: { metric: 'names', comparisonOperator: 'not-in-set', value: { strings: ['sh'] } },
  ports: { metric: 'aws:listening-tcp-ports', comparisonOperator: 'in-port-set', value: { ports: [22] } },
  peers: {
    metric: 'aws:destination-ip-addresses',
    comparisonOperator: 'in-cidr-set',
    value: { cidrs: ['10.0.0.0/8'] },
  },
  egress: {
    metric: 'aws:all-bytes-out',
    comparisonOperator: 'less-than',
    value: { count: 20 },
    durationSeconds: 300,
  },
};

function profileOf(inARow: number): SecurityProfile {
  const behaviors = Object.entries(rules).map(([name, { metric, ...criteria }]) => ({
    ...{ name, metric, suppressAlerts: false },
    criteria: { consecutiveDatapointsToClear: 1, ...criteria, consecutiveDatapointsToAlarm: inARow },
  }));
  return { targets: ['all/things'], additionalMetricsToRetain: [], behaviors };
}

interface Made {
  readonly atMs: number;
  readonly metrics: DeviceReport['metrics'];
}
type Sent = readonly [report: DeviceReport, at: number];

const one = (maxGapMs: number) =>
  fc.record({
    // A window takes counts within five seconds as one.
    gapMs: fc.integer({ min: 5_001, max: maxGapMs }),
    number: fc.integer({ min: 0, max: 2 }),
    isShell: fc.boolean(),
    port: fc.constantFrom(22, 23),
    peer: fc.constantFrom('10.0.0.1', '192.0.2.1'),
    bytes: fc.integer({ min: 0, max: 12 }),
  });

/** Fewer events than a flapping behavior may have. */
const history = (maxGapMs: number) =>
  fc.array(one(maxGapMs), { minLength: 1, maxLength: 8 }).map((items) => {
    let atMs = 0;
    return items.map(({ gapMs, number, isShell, port, peer, bytes }): Made => {
      atMs += gapMs;
      return {
        atMs,
        metrics: {
          m: { number },
          names: { strings: isShell ? ['sh'] : [] },
          'aws:listening-tcp-ports': { ports: [port] },
          'aws:destination-ip-addresses': { cidrs: [peer] },
          'aws:all-bytes-out': { count: bytes },
        },
      };
    });
  });

/** How the order of making can be known. `position`: the place in the order of arrival. */
interface Way {
  /**
   * Ten minutes in all. Reports without their own times span less than a window: a longer silence looks like an
   * interruption.
   */
  readonly maxGapMs: number;
  readonly send: (made: Made, index: number, position: number) => Sent;
}
const ways: Record<string, Way> = {
  'the time of receipt, if the queue hands them out in another order': {
    maxGapMs: 37_000,
    send: ({ atMs, metrics }, index) => [{ reportId: index + 2, metrics, evidence: [] }, now + atMs],
  },
  'the time in the report': {
    maxGapMs: 75_000,
    send: ({ atMs, metrics }, index, position) => [
      { reportId: index + 2, metrics, evidence: [], madeAt: now + atMs },
      now + 600_000 + position,
    ],
  },
  'an id in milliseconds': {
    maxGapMs: 75_000,
    send: ({ atMs, metrics }, _index, position) => [
      { reportId: now + atMs, metrics, evidence: [] },
      now + 600_000 + position,
    ],
  },
};

/**
 * Judges the reports in the given order. Returns the behaviors that were raised, those that a late report ended, and
 * those with an event that a consumer would ignore as old.
 */
function judgeAll(sent: readonly Sent[], order: readonly number[], inARow: number) {
  const profiles = [['p', profileOf(inARow)]] as const;
  const first: Sent = [{ reportId: 1, metrics: { 'aws:all-bytes-out': { count: 0 } }, evidence: [] }, now];
  let state: DetectState = newDetectState(thingKey('t'));
  const raised = new Set<string>();
  const clearedLate: string[] = [];
  const toldAt = new Map<string, number>();
  const notLater: string[] = [];
  let newest = -1;
  for (const [[report, at], index] of [
    [first, -1] as const,
    ...sent.map((item, position) => [item, order[position] ?? 0] as const),
  ]) {
    const { state: next, events } = judgeReport({
      ...{ state, report, at, profiles, principal: 'own', reportedByItself: true },
      nameViolation: (key, seed) => `${key}@${seed}`,
    });
    for (const { eventType, behavior, at: eventAt } of events) {
      if (eventAt <= (toldAt.get(behavior.name) ?? 0)) notLater.push(behavior.name);
      toldAt.set(behavior.name, eventAt);
      if (eventType === 'in-alarm') raised.add(behavior.name);
      else if (index < newest) clearedLate.push(behavior.name);
    }
    newest = Math.max(newest, index);
    state = next;
  }
  return { raised: [...raised].sort(), clearedLate, notLater };
}

describe.each(Object.entries(ways))('reports ordered by %s', (_, { send, maxGapMs }) => {
  const shuffled = history(maxGapMs).chain((made) =>
    fc.record({
      made: fc.constant(made),
      order: fc.shuffledSubarray([...made.keys()], { minLength: made.length }),
    }),
  );
  const run = (made: readonly Made[], order: readonly number[], inARow: number) =>
    judgeAll(
      order.map((index, position) => send(made[index] as Made, index, position)),
      order,
      inARow,
    );

  it('raise the same alarms in whatever order they arrive, at ever later times, and no late report clears an alarm', () => {
    fc.assert(
      fc.property(shuffled, ({ made, order }) => {
        const inOrder = run(made, [...made.keys()], 1);
        const asCame = run(made, order, 1);

        expect(asCame).toEqual({ raised: inOrder.raised, clearedLate: [], notLater: [] });
      }),
      { numRuns: 300 },
    );
  });

  it('lose no alarm that requires several datapoints in a row', () => {
    fc.assert(
      fc.property(shuffled, fc.integer({ min: 2, max: 4 }), ({ made, order }, inARow) => {
        const inOrder = run(made, [...made.keys()], inARow);
        const asCame = run(made, order, inARow);

        expect(asCame.raised).toEqual(expect.arrayContaining(inOrder.raised));
        expect(asCame.clearedLate).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
