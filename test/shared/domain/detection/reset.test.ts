import type { SecurityProfile } from '../../../../shared/domain/configuration';
import { type KnownAlarm, resetAlarms } from '../../../../shared/domain/detection/reset';
import { type DetectState, newDetectState, type Profiles } from '../../../../shared/domain/detection/state';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';
import { judgeLifecycle, judgeReport, judgeTime } from './judging';

const minute = 60_000;
const atOnce = { consecutiveDatapointsToAlarm: 1, consecutiveDatapointsToClear: 1 };
const profile: SecurityProfile = {
  targets: ['all/things'],
  additionalMetricsToRetain: [],
  behaviors: [
    {
      name: 'children',
      metric: 'm',
      criteria: { ...atOnce, comparisonOperator: 'less-than-equals', value: { number: 0 } },
      suppressAlerts: false,
    },
    {
      name: 'absence',
      metric: 'aws:disconnect-duration',
      criteria: { ...atOnce, comparisonOperator: 'less-than-equals', value: { count: 5 } },
      suppressAlerts: false,
    },
  ],
};
const profiles: Profiles = [['p', profile]];
const setting = (state: DetectState, at: number) => ({
  ...{ state, at, profiles },
  nameViolation: (key: string, seed: string | number) => `${key}@${seed}`,
});

interface Sent {
  readonly at: number;
  /** The time on the device's clock. */
  readonly madeAt?: number;
  readonly reportId?: number;
  readonly principal?: string;
}
function report(state: DetectState, number: number, { at, madeAt, reportId = at, principal = 'own' }: Sent) {
  const evidence: [] = [];
  const made = madeAt === undefined ? {} : { madeAt };
  return judgeReport({
    ...setting(state, at),
    report: { reportId, metrics: { m: { number } }, evidence, ...made },
    ...{ principal, reportedByItself: true },
  });
}
function lifecycle(state: DetectState, eventType: 'connected' | 'disconnected', at: number) {
  const event = { clientId: 't', eventType, timestamp: at, sessionIdentifier: 's' };
  return judgeLifecycle({ ...setting(state, at), event }).state;
}
const kinds = ({ events }: { events: readonly { eventType: string; behavior: { name: string } }[] }) =>
  events.map(({ eventType, behavior }) => `${behavior.name} ${eventType}`);

describe('resetAlarms, on the end of a case,', () => {
  it('causes a new alert for each behavior that is still out of bounds', () => {
    const alarmed = report(newDetectState(thingKey('t')), 1, { at: now }).state;

    expect(kinds(report(alarmed, 1, { at: now + 1 }))).toEqual([]);
    expect(kinds(report(resetAlarms(alarmed, now + 2), 1, { at: now + 3 }))).toEqual(['children in-alarm']);
  });

  it('keeps the absent state, so that the absence is announced in time', () => {
    let state = lifecycle(newDetectState(thingKey('t')), 'connected', now);
    state = report(state, 1, { at: now + 1 }).state;
    state = report(state, 0, { at: now + 2 }).state;
    state = lifecycle(state, 'disconnected', now + 3);
    const reset = resetAlarms(state, now + 4);

    expect(reset.dueAt).toBe(now + 4);
    expect(kinds(judgeTime(setting(reset, now + 7 * minute)))).toEqual(['absence in-alarm']);
  });

  it('keeps how often the thing went in and out of alarm, however often a case is closed in between', () => {
    let state = newDetectState(thingKey('t'));
    let events = 0;
    for (let step = 0; step < 200; step += 1) {
      const judged = report(state, step % 2 === 0 ? 1 : 0, { at: now + step });
      events += judged.events.length;
      state = step % 2 === 0 ? judged.state : resetAlarms(judged.state, now + step);
    }

    expect(events).toBe(10);
  });

  it('causes the end of an alarm that the case did not know, because its alert opens another case', () => {
    const alarmed = report(newDetectState(thingKey('t')), 1, { at: now }).state;
    const violationId = `p/children@${now}`;
    const end = (known: readonly KnownAlarm[]) =>
      report(resetAlarms(alarmed, now + 2, undefined, known), 0, { at: now + 3 });
    const raisedAgain = report(resetAlarms(alarmed, now + 2, undefined, []), 1, { at: now + 3 });

    expect(kinds(end([]))).toEqual(['children alarm-cleared']);
    expect(end([]).events[0]?.violationId).toBe(violationId);
    expect(kinds(report(end([]).state, 0, { at: now + 4 }))).toEqual([]);
    expect(kinds(end([{ violationId, at: now }]))).toEqual([]);
    // It was raised once more since.
    expect(kinds(end([{ violationId, at: now - 1 }]))).toEqual(['children alarm-cleared']);
    expect(kinds(raisedAgain)).toEqual(['children in-alarm']);
    expect(report(raisedAgain.state, 0, { at: now + 4 }).events).toMatchObject([
      { eventType: 'alarm-cleared', violationId: `p/children@${now + 3}` },
    ]);
  });

  it('raises the alarm of a report that an ended invocation had announced at a later time than the case knows', () => {
    const known = [{ violationId: `p/children@${now}`, at: now }];
    const reset = resetAlarms(newDetectState(thingKey('t')), now + 2, undefined, known);

    expect(report(reset, 1, { at: now }).events).toMatchObject([{ eventType: 'in-alarm', at: now + 1 }]);
  });

  it('keeps which reports arrived: a repeated one contains nothing', () => {
    const alarmed = report(newDetectState(thingKey('t')), 1, { at: now, reportId: 7 }).state;

    expect(kinds(report(resetAlarms(alarmed, now + 1), 1, { at: now + 2, reportId: 7 }))).toEqual([]);
  });
});

describe('after a containment, the detector', () => {
  const released = now + 10 * minute;
  const heldBefore = report(newDetectState(thingKey('t')), 1, { at: now, madeAt: now }).state;
  const free = resetAlarms(heldBefore, released + 5, released);

  it.each<[string, Partial<Sent>]>([
    ['says itself when it was made', { madeAt: released - 10_000 }],
    ['has an id that is its time in ms', { reportId: released - 10_000 }],
    ['has an id that is its time in s', { reportId: Math.floor(released / 1_000) - 10 }],
  ])('ignores a report made before the end of the containment that %s', (_, sent) => {
    expect(kinds(report(free, 1, { at: released + 20_000, ...sent }))).toEqual([]);
  });

  it.each<[string, Partial<Sent>]>([
    ['says that it was made after', { madeAt: released + 10_000 }],
    ['counts its ids', { reportId: 17 }],
    ['has an impossible time', { madeAt: 1, reportId: 17 }],
    [
      'comes so late that its word is no reason any more',
      { at: released + 11 * minute, madeAt: released - 1 },
    ],
  ])('judges a report that %s', (_, sent) => {
    expect(kinds(report(free, 1, { at: released + 20_000, ...sent }))).toEqual(['children in-alarm']);
  });

  it('counts from its end how long the device stays away', () => {
    const away = lifecycle(newDetectState(thingKey('t')), 'disconnected', now);
    const reset = resetAlarms(away, released, released);
    const early = judgeTime(setting(reset, released + minute));
    const late = judgeTime(setting(early.state, early.state.dueAt ?? 0));

    expect(kinds(early)).toEqual([]);
    expect([early.state.dueAt, kinds(late)]).toEqual([released + 6 * minute, ['absence in-alarm']]);
  });

  it('counts no event of the connection that happened before its end and arrives after', () => {
    const attempts = {
      name: 'attempts',
      metric: 'aws:num-connection-attempts',
      criteria: {
        ...atOnce,
        comparisonOperator: 'less-than' as const,
        value: { count: 3 },
        durationSeconds: 300 as const,
      },
      suppressAlerts: false,
    };
    const some: Profiles = [['p', { ...profile, behaviors: [attempts] }]];
    let state = resetAlarms(newDetectState(thingKey('t')), released, released);
    const connect = (at: number) => {
      const sessionIdentifier = `at ${at}`;
      const event = { clientId: 't', eventType: 'connected' as const, timestamp: at, sessionIdentifier };
      const judged = judgeLifecycle({ ...setting(state, at), profiles: some, event });
      state = judged.state;
      return kinds(judged);
    };

    expect([-3, -2, -1, 1, 2].map((seconds) => connect(released + seconds * 1_000))).toEqual([
      [],
      [],
      [],
      [],
      [],
    ]);
    expect(connect(released + 3_000)).toEqual(['attempts in-alarm']);
    expect(state.presence?.connectedAt).toBe(released + 3_000);
  });

  it('judges a device whose clock is an hour behind by that clock', () => {
    const slow = report(newDetectState(thingKey('t')), 1, { at: now, madeAt: now - 60 * minute }).state;
    const reset = resetAlarms(slow, released + 5, released);
    const after = { at: released + 20_000, madeAt: released + 10_000 - 60 * minute };
    const before = { at: released + 20_000, madeAt: released - 10_000 - 60 * minute };

    expect(kinds(report(reset, 1, after))).toEqual(['children in-alarm']);
    expect(kinds(report(reset, 1, before))).toEqual([]);
  });
});

describe('a report id from the future', () => {
  const future = now + 9 * minute;

  it('from another certificate does not block the thing’s own reports', () => {
    const forged = report(newDetectState(thingKey('t')), 1, {
      at: now,
      reportId: future,
      principal: 'forger',
    }).state;
    const cleared = report(forged, 0, { at: now + 1, reportId: future + 1, principal: 'forger' }).state;

    expect(kinds(report(cleared, 1, { at: now + 2 }))).toEqual(['children in-alarm']);
  });

  it('from the thing itself blocks later reports only until its time has passed', () => {
    const ahead = report(newDetectState(thingKey('t')), 1, { at: now, reportId: future }).state;
    const cleared = report(ahead, 0, { at: now + 1, reportId: future + 1 }).state;

    expect(kinds(report(cleared, 1, { at: now + 2 }))).toEqual(['children in-alarm']);
  });

  it.each(['one', 'two', 'three', 'four', 'five'])(
    'is recognized as a repeat when it arrives again, also behind %s',
    (name) => {
      const first = report(newDetectState(thingKey('t')), 1, { at: now, reportId: future }).state;
      const other = report(first, 0, { at: now + 1, reportId: 5, principal: name }).state;

      expect(kinds(report(other, 1, { at: now + 2, reportId: future }))).toEqual([]);
    },
  );
});
