import { resolveNow } from '../../../../shared/domain/asking';
import { judgeReport } from '../../../../shared/domain/detection/judge-report';
import { judgeTime } from '../../../../shared/domain/detection/judge-time';
import type { Detecting, DetectionQuestions } from '../../../../shared/domain/detection/questions';
import {
  type DetectState,
  type Judgement,
  newDetectState,
  type Profiles,
} from '../../../../shared/domain/detection/state';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { now } from '../../../builders';

const criteria = { comparisonOperator: 'less-than-equals', value: { number: 0 } } as const;
const once = { consecutiveDatapointsToAlarm: 1, consecutiveDatapointsToClear: 1 };
const behavior = (metric: string, over: object = {}) => ({
  ...{ name: metric, metric, suppressAlerts: false },
  criteria: { ...criteria, ...once, ...over },
});
const profiles: Profiles = [
  [
    'p',
    {
      targets: ['thinggroup/pumps'],
      behaviors: [
        behavior('children'),
        behavior('ports', { durationSeconds: 300, statisticalThreshold: { statistic: 'p90' } }),
        behavior('sockets', { durationSeconds: 300, statisticalThreshold: { statistic: 'p90' } }),
      ],
      additionalMetricsToRetain: [],
    },
  ],
];

interface Input {
  readonly values?: Readonly<Record<string, number>>;
  readonly state?: DetectState;
  readonly principal?: string;
  readonly groups?: readonly string[];
}

/** What is asked while a report is judged, or the time, and what comes of it. */
function judge(judging: Detecting<Judgement>, groups: readonly string[] = ['pumps'], held = false) {
  const asked: string[] = [];
  const answer = <K extends keyof DetectionQuestions>(
    question: K,
    value: ReturnType<DetectionQuestions[K]>,
  ) => {
    asked.push(question);
    return value;
  };
  const judgement = resolveNow(judging, {
    membership: () => answer('membership', { registered: true, groups }),
    owner: () => answer('owner', true),
    distribution: () => answer('distribution', undefined),
    held: () => answer('held', held),
    alone: () => answer('alone', true),
  });
  return { asked, judgement, told: judgement.events.map(({ eventType }) => eventType) };
}

const setting = { profiles, nameViolation: (key: string, seed: string | number) => `${key} ${seed}` };

function report({ values = {}, state = newDetectState(thingKey('t')), principal = 'a', groups }: Input) {
  const metrics = Object.fromEntries(Object.entries(values).map(([name, number]) => [name, { number }]));
  const sent = { reportId: 1 + state.lastReportId, metrics, evidence: [] };
  const at = now + state.lastReportId * 300_000;
  return judge(
    judgeReport({ ...setting, state, at, report: sent, principal, reportedByItself: true }),
    groups,
  );
}

describe('a report', () => {
  it.each<[string, Input, readonly string[], readonly string[]]>([
    ['of a thing that does nothing wrong asks nothing', { values: { children: 0 } }, [], []],
    [
      'that would raise an alarm asks for the membership',
      { values: { children: 1 } },
      ['membership'],
      ['in-alarm'],
    ],
    [
      'that would raise one of a profile that doesn’t hold for the thing raises none',
      { values: { children: 1 }, groups: [] },
      ['membership'],
      [],
    ],
    [
      'of metrics that are compared with the fleet asks for each of them',
      { values: { ports: 3, sockets: 1 } },
      ['distribution', 'distribution'],
      [],
    ],
  ])('%s', (_, input, asked, told) => {
    const judged = report(input);
    expect([judged.asked, judged.told]).toEqual([asked, told]);
  });

  it('asks once, though it is judged again with the membership', () => {
    expect(report({ values: { ports: 3, children: 1 } }).asked).toEqual(['distribution', 'membership']);
  });

  it('asks whose certificate it is only for a certificate with which the agent has not yet reported', () => {
    const { state } = report({ values: { children: 0 } }).judgement;

    expect(report({ state, values: { children: 0 } }).asked).toEqual([]);
    expect(report({ state, values: { children: 0 }, principal: 'b' }).asked).toEqual(['owner']);
  });

  it('asks nothing when it is a repeat', () => {
    const { state } = report({ values: { children: 1 } }).judgement;
    const again = { ...state, lastReportId: 0 };

    expect(report({ state: again, values: { children: 1 } })).toMatchObject({ asked: [], told: [] });
  });
});

describe('a timed check', () => {
  const heard = report({ values: { children: 0 } }).judgement.state;
  const late = now + 5 * 8 * 3_600_000;
  const wait = (state: DetectState, at: number, held = false) =>
    judge(judgeTime({ ...setting, state, at }), ['pumps'], held);

  it('asks nothing while no report is missed', () => {
    expect(wait(heard, now + 60_000).asked).toEqual([]);
  });

  it('asks of a thing that misses reports whether it is held, the only silent one, and registered', () => {
    expect(wait(heard, late).asked).toEqual(['held', 'alone', 'membership']);
    expect(wait(heard, late, true).asked).toEqual(['held']);
  });

  it('does not ask again of a thing known to be silent whether it is the only one', () => {
    const { state } = wait(heard, late).judgement;

    expect(wait(state, late + 6 * 3_600_000).asked).toEqual(['held', 'membership']);
  });
});
