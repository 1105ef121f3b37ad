import fc from 'fast-check';
import type { Behavior, Criteria, SecurityProfile } from '../../../../shared/domain/configuration';
import { resetAlarms } from '../../../../shared/domain/detection/reset';
import {
  type DetectedEvent,
  type DetectState,
  type Judgement,
  newDetectState,
  type Profiles,
} from '../../../../shared/domain/detection/state';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';
import { criteria, judgeLifecycle, judgeReport, judgeTime } from './judging';

/**
 * A queue may delay, repeat and reorder reports. Consumers order the events of a behavior by time, so each event must
 * be later than the one before, whatever caused it, and an end must belong to an open alarm.
 */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

const count = { durationSeconds: 300 } as const;
const rules: Record<string, readonly [metric: string, ...Parameters<typeof criteria>]> = {
  load: ['m', 'less-than', { number: 1 }],
  attempts: ['aws:num-connection-attempts', 'less-than', { count: 3 }, count],
  few: ['aws:num-connection-attempts', 'greater-than', { count: 0 }, count],
  away: ['aws:disconnect-duration', 'less-than', { count: 10 }],
  address: ['aws:source-ip-address', 'in-cidr-set', { cidrs: ['10.0.0.0/8'] }],
  missed: ['cordon:missed-reports', 'less-than', { count: 3 }],
};
const profileOf = (inARow: Partial<Criteria>): SecurityProfile => ({
  targets: ['all/things'],
  additionalMetricsToRetain: [],
  behaviors: Object.entries(rules).map(
    ([name, [metric, operator, value, over]]): Behavior => ({
      ...{ name, metric, suppressAlerts: false },
      criteria: criteria(operator, value, { ...over, ...inARow }),
    }),
  ),
});
const atOnce: Profiles = [['p', profileOf({})]];

/** A thing, and the events of its behaviors so far. */
function aThing() {
  const events: DetectedEvent[] = [];
  const thing = {
    events,
    state: newDetectState(thingKey('t')) as DetectState,
    take({ state, events: more }: Judgement): void {
      thing.state = state;
      events.push(...more);
    },
    setting: (at: number, profiles: Profiles) => ({
      ...{ state: thing.state, at, profiles },
      nameViolation: (key: string, seed: string | number) => `${key}@${seed}`,
    }),
    report(at: number, number: number, profiles = atOnce, principal = 'a'): void {
      const report = { reportId: at, metrics: { m: { number } }, evidence: [] };
      const reportedByItself = principal < 'c';
      thing.take(
        judgeReport({
          ...thing.setting(at, profiles),
          ...{ report, principal: principal.repeat(64), reportedByItself },
        }),
      );
    },
    pass(at: number, profiles = atOnce): void {
      thing.take(judgeTime(thing.setting(at, profiles)));
    },
  };
  return thing;
}

describe('the events of a behavior', () => {
  it.each<[string, (thing: ReturnType<typeof aThing>, at: number) => void]>([
    ['its silence ended its alarm', (thing, at) => thing.pass(at)],
    ['a deploy took its profile away and brought it back', (thing, at) => thing.pass(at, [])],
  ])('are in order although a report that was received before is processed after %s', (_, end) => {
    const thing = aThing();
    const endedAt = now + 3 * dayMs;
    thing.report(now, 1);
    end(thing, endedAt);
    thing.report(endedAt - 1_000, 1);

    expect(
      thing.events
        .filter(({ behavior: { name } }) => name === 'load')
        .map(({ eventType, at }) => [eventType, at - endedAt]),
    ).toEqual([
      ['in-alarm', now - endedAt],
      ['alarm-invalidated', 0],
      ['in-alarm', 1],
    ]);
  });

  const delay = fc.oneof(
    fc.constantFrom(0, 1, 50),
    fc.integer({ min: 0, max: 700_000 }),
    fc.integer({ min: 0, max: 6 * hourMs }),
  );
  const step = fc.record({
    gapMs: fc.oneof(
      fc.integer({ min: 1, max: 3_000 }),
      fc.integer({ min: 5_000, max: 400_000 }),
      fc.integer({ min: 1, max: 60 * hourMs }),
    ),
    kind: fc.constantFrom(
      'report',
      'report',
      'report',
      'connected',
      'disconnected',
      'connect_failed',
      'closed',
      'released',
      'deployed',
      'deployed',
    ),
    principal: fc.constantFrom('a', 'a', 'b', 'c', 'd', 'e', 'f'),
    isBad: fc.boolean(),
    session: fc.integer({ min: 0, max: 3 }),
    clientId: fc.constantFrom('t', 't-cordon'),
    delay,
    again: fc.option(delay, { nil: undefined, freq: 4 }),
  });

  it('are in order, and none ends what is not open, in whatever order and however often their causes are processed', () => {
    const consecutive = fc.record({
      consecutiveDatapointsToAlarm: fc.constantFrom(1, 1, 2),
      consecutiveDatapointsToClear: fc.constantFrom(1, 2),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), consecutive, (steps, inARow) => {
        let madeAt = now;
        const processed = steps
          .flatMap(({ gapMs, delay, again, ...cause }) => {
            madeAt += gapMs;
            const first = { ...cause, at: madeAt, processedAt: madeAt + delay };
            return again === undefined
              ? [first]
              : [first, { ...first, processedAt: first.processedAt + again }];
          })
          .toSorted((a, b) => a.processedAt - b.processedAt);
        const thing = aThing();
        const open = new Set<string>();
        const toldAt = new Map<string, number>();
        let profiles: Profiles = [['p', profileOf(inARow)]];
        let clock = now;
        for (const { kind, at, processedAt, principal, isBad, session, clientId } of processed) {
          // The run of each minute, as far as it finds something due.
          for (let due = thing.state.dueAt; due !== undefined; due = thing.state.dueAt) {
            const runAt = Math.max(clock, Math.ceil(due / minuteMs) * minuteMs);
            if (runAt > processedAt) break;
            clock = runAt;
            thing.pass(clock, profiles);
          }
          clock = Math.max(clock, processedAt);
          if (kind === 'closed' || kind === 'released') {
            thing.state = resetAlarms(thing.state, clock, kind === 'released' ? clock : undefined);
          } else if (kind === 'deployed') profiles = profiles.length > 0 ? [] : [['p', profileOf(inARow)]];
          else if (kind === 'report') thing.report(at, isBad ? 1 : 0, profiles, principal);
          else {
            const event = {
              ...{ clientId, thingName: 't', eventType: kind, timestamp: at, principalIdentifier: principal },
              sessionIdentifier: `${clientId} ${session}`,
              ...(kind === 'connected' && { ipAddress: isBad ? '192.0.2.1' : '10.0.0.1' }),
            };
            thing.take(judgeLifecycle({ ...thing.setting(at, profiles), event }));
          }
        }
        for (const { behavior, eventType, violationId, at } of thing.events) {
          expect(at).toBeGreaterThan(toldAt.get(behavior.name) ?? 0);
          toldAt.set(behavior.name, at);
          if (eventType === 'in-alarm') open.add(violationId);
          else expect(open.delete(violationId)).toBe(true);
        }
      }),
      { numRuns: 300 },
    );
  });
});
