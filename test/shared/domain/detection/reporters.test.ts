import type { SecurityProfile } from '../../../../shared/domain/configuration';
import { type DetectState, newDetectState } from '../../../../shared/domain/detection/state';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';
import { judgeReport, judgeTime } from './judging';

/** If a policy allows it, another certificate may connect as the thing. Its reports are judged separately. */

const profile: SecurityProfile = {
  targets: ['all/things'],
  additionalMetricsToRetain: [],
  behaviors: ['a', 'b'].map((name) => ({
    ...{ name, metric: name, suppressAlerts: false },
    criteria: {
      ...{ comparisonOperator: 'less-than-equals', value: { number: 0 } },
      ...{ consecutiveDatapointsToAlarm: 1, consecutiveDatapointsToClear: 1 },
    },
  })),
};
const setting = {
  profiles: [['p', profile]] as const,
  nameViolation: (_: string, seed: string | number) => `v${seed}`,
};

/** A thing that is reported of, and the events that come out, with the certificate that caused each. */
function aThing(before: DetectState = newDetectState(thingKey('t'))) {
  let state = before;
  let id = 0;
  const told: string[] = [];
  function report(principal: string, number: number, { at = now + id, reportedByItself = true } = {}) {
    id += 1;
    const sent = { reportId: id, metrics: { a: { number } }, evidence: [] };
    const judged = judgeReport({ ...setting, state, report: sent, at, principal, reportedByItself });
    state = judged.state;
    told.push(...judged.events.map(({ eventType }) => `${principal} ${eventType}`));
  }
  return { report, told, state: () => state };
}

describe.each([
  ['before the thing itself', 'attacker', 'victim'],
  ['after the thing itself', 'victim', 'attacker'],
])('a certificate that reports under the client id of a thing, first seen %s,', (_, first, second) => {
  function aKnownThing() {
    const thing = aThing();
    thing.report(first, 0);
    thing.report(second, 0);
    return thing;
  }

  it('does not use up the thing’s alarms', () => {
    const { report, told } = aKnownThing();
    for (let step = 0; step < 100; step += 1) report('attacker', step % 2);

    report('victim', 1);

    expect(told.filter((line) => line.startsWith('attacker'))).toHaveLength(10);
    expect(told.at(-1)).toBe('victim in-alarm');
  });

  it('neither hides nor ends an alarm of the thing', () => {
    const { report, told } = aKnownThing();
    report('attacker', 1);
    report('victim', 1);
    report('attacker', 0);
    report('victim', 1);
    report('victim', 0);

    expect(told).toEqual([
      'attacker in-alarm',
      'victim in-alarm',
      'attacker alarm-cleared',
      'victim alarm-cleared',
    ]);
  });

  it('makes none of the thing’s reports late or repeated', () => {
    const { report, told } = aKnownThing();
    report('victim', 1, { at: now + 1_000 });
    report('attacker', 0, { at: now + 60_000 });
    report('victim', 0, { at: now + 2_000 });

    expect(told).toEqual(['victim in-alarm', 'victim alarm-cleared']);
  });
});

it('the detector keeps apart the clients that report for a thing, so that none hides another', () => {
  const { report, told } = aThing();
  for (let step = 0; step < 100; step += 1) report('attacker', 1, { reportedByItself: false });

  report('gateway', 1, { reportedByItself: false });

  expect(told).toEqual(['attacker in-alarm', 'gateway in-alarm']);
});

it('the detector remembers a few certificates of a thing, however many there are', () => {
  const { report, state } = aThing();
  for (let index = 0; index < 50; index += 1) {
    report(`own-${index}`, 1);
    report(`foreign-${index}`, 1, { reportedByItself: false });
  }

  expect(Object.keys(state().behaviors).length).toBeLessThanOrEqual(8);
  expect(state().senders?.length).toBe(7);
});

it('a replacement certificate ends the alarm that the old one left open, an hour later', () => {
  const { report, told } = aThing();
  report('old', 1);
  report('new', 0, { at: now + 3_599_000 });
  expect(told).toEqual(['old in-alarm']);

  report('new', 0, { at: now + 3_601_000 });

  expect(told).toEqual(['old in-alarm', 'new alarm-cleared']);
});

it('the detector continues an alarm stored without a certificate, and ends it when the thing falls silent', () => {
  const open = { bad: 1, good: 0, violationId: 'v', metric: 'a', heardAt: now, checkedAt: now };
  const before = {
    ...newDetectState(thingKey('t')),
    behaviors: { 'p/a': open, 'p/a|foreign': { ...open, violationId: 'f' } },
  };
  const { report, told, state } = aThing(before);

  report('own', 0, { at: now + 1 });

  expect(told).toEqual(['own alarm-cleared']);
  const { events } = judgeTime({ ...setting, state: state(), at: now + 50 * 3_600_000 });
  expect(events.map(({ eventType, violationId }) => [eventType, violationId])).toEqual([
    ['alarm-invalidated', 'f'],
  ]);
});
