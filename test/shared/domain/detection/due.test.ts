import fc from 'fast-check';
import type { SecurityProfile } from '../../../../shared/domain/configuration';
import { type DetectState, newDetectState } from '../../../../shared/domain/detection/state';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';
import { judgeLifecycle, judgeReport, judgeTime } from './judging';

const base = { consecutiveDatapointsToAlarm: 2, consecutiveDatapointsToClear: 2 } as const;
const profile: SecurityProfile = {
  targets: ['all/registered-things'],
  additionalMetricsToRetain: [],
  behaviors: [
    {
      name: 'attempts',
      metric: 'aws:num-connection-attempts',
      criteria: { ...base, comparisonOperator: 'less-than', value: { count: 2 }, durationSeconds: 300 },
      suppressAlerts: false,
    },
    {
      name: 'returns',
      metric: 'aws:num-connection-attempts',
      criteria: { ...base, comparisonOperator: 'greater-than', value: { count: 0 }, durationSeconds: 600 },
      suppressAlerts: false,
    },
    {
      name: 'present',
      metric: 'aws:disconnect-duration',
      criteria: { ...base, comparisonOperator: 'less-than', value: { count: 3 } },
      suppressAlerts: false,
    },
    {
      name: 'children',
      metric: 'children',
      criteria: { ...base, comparisonOperator: 'less-than', value: { number: 1 } },
      suppressAlerts: false,
    },
  ],
};
const profiles = [['p', profile]] as const;
const membership = { registered: true, groups: [] };
const nameViolation = (key: string, seed: string | number) => `${key}@${seed}`;

const trigger = fc.record({
  afterMs: fc.integer({ min: 0, max: 7_200_000 }),
  kind: fc.constantFrom('connected', 'disconnected', 'connect_failed', 'report', 'nothing'),
  session: fc.integer({ min: 0, max: 5 }),
  children: fc.integer({ min: 0, max: 1 }),
});
type DetectionTrigger = typeof trigger extends fc.Arbitrary<infer T> ? T : never;

function happen(state: DetectState, { kind, session, children }: DetectionTrigger, at: number): DetectState {
  const setting = { state, at, profiles, membership, nameViolation };
  if (kind === 'nothing') return state;
  if (kind === 'report') {
    const report = { reportId: at, metrics: { children: { number: children } }, evidence: [] };
    return judgeReport({ ...setting, report, reportedByItself: true }).state;
  }
  const event = {
    clientId: 't',
    eventType: kind as 'connected',
    timestamp: at,
    sessionIdentifier: `session-${session}`,
  };
  return judgeLifecycle({ ...setting, event }).state;
}

describe('the next time at which an alarm may change', () => {
  it('is always after the time already judged, so that no thing is judged endlessly', () => {
    fc.assert(
      fc.property(fc.array(trigger, { maxLength: 20 }), (triggers) => {
        let state = newDetectState(thingKey('t'));
        let at = now;
        for (const item of triggers) {
          at += item.afterMs;
          state = happen(state, item, at);
          const { state: judged } = judgeTime({ state, at, profiles, membership, nameViolation });
          expect(judged.dueAt ?? Number.POSITIVE_INFINITY).toBeGreaterThan(at);
          state = judged;
        }
      }),
    );
  });

  it('is not reached early: before it, nothing changes', () => {
    fc.assert(
      fc.property(
        fc.array(trigger, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (triggers, part) => {
          let state = newDetectState(thingKey('t'));
          let at = now;
          for (const item of triggers) {
            at += item.afterMs;
            state = happen(state, item, at);
            state = judgeTime({ state, at, profiles, membership, nameViolation }).state;
          }
          const until = state.dueAt ?? at + 30 * 86_400_000;
          const early = Math.floor(at + (until - at) * part);
          fc.pre(early < until);

          const { events } = judgeTime({ state, at: early, profiles, membership, nameViolation });

          expect(events).toEqual([]);
        },
      ),
    );
  });
});

describe('the alarm of a device that stays away', () => {
  const lasting = {
    ...profile,
    targets: ['all/things'],
    behaviors: profile.behaviors
      .filter(({ name }) => name === 'present')
      .map((behavior) => ({
        ...behavior,
        criteria: { ...behavior.criteria, consecutiveDatapointsToAlarm: 1 },
      })),
  };
  const all = [['p', lasting]] as const;
  const dayMs = 86_400_000;
  const away = (): DetectState => {
    const event = {
      clientId: 't',
      eventType: 'disconnected',
      timestamp: now,
      sessionIdentifier: 's',
    } as const;
    const { state } = judgeLifecycle({
      ...{ state: newDetectState(thingKey('t')), at: now, profiles: all, nameViolation },
      event: { ...event, disconnectReason: 'CONNECTION_LOST' },
    });
    const at = state.dueAt ?? 0;
    const alarm = judgeTime({ state, at, profiles: all, nameViolation });
    expect(alarm.events.map(({ eventType }) => eventType)).toEqual(['in-alarm']);
    return alarm.state;
  };

  it('is looked at each day, and lasts while its behavior does', () => {
    const first = away();
    const second = judgeTime({ state: first, at: first.dueAt ?? 0, profiles: all, nameViolation });

    expect(first.dueAt).toBeLessThanOrEqual(now + dayMs + 3_600_000);
    expect(second.events).toEqual([]);
    expect((second.state.dueAt ?? 0) - (first.dueAt ?? 0)).toBe(dayMs);
  });

  it('ends if a deploy removed its profile, even if the device never returns', () => {
    const { dueAt = Number.POSITIVE_INFINITY, ...state } = away();
    expect(dueAt).toBeLessThan(Number.POSITIVE_INFINITY);
    const { events, state: after } = judgeTime({
      ...{ state: { ...state, dueAt }, at: dueAt, profiles: [], nameViolation },
    });

    expect(events.map(({ eventType, behavior }) => [eventType, behavior.name])).toEqual([
      ['alarm-invalidated', 'present'],
    ]);
    expect([after.behaviors, after.dueAt]).toEqual([{}, undefined]);
  });
});
