import type { Seen } from '../../../agent/processes/metric-sample';
import { createReportWindow, type WindowRules } from '../../../agent/report/report-window';
import { aChildSample, anEvidence, aTrace, metric } from '../builders';

const byException: WindowRules = {
  intervalMs: 300_000,
  byException: true,
  changeGapMs: 200,
  fallHoldMs: 0,
};
const atInterval: WindowRules = { ...byException, byException: false };

type Changes = Parameters<typeof aChildSample>[0];

/** Looks every 100 ms, reports whenever something is due, and gives the values of the reports in order. */
function play(rules: WindowRules, samples: readonly Changes[]) {
  const window = createReportWindow(rules);
  const reports: (number | string)[] = [];
  samples.forEach((sample, index) => {
    const now = index * 100;
    window.observe([aChildSample(sample)], now);
    const due = window.due(now);
    if (!due) return;
    const { values, processes } = window.take(due, now);
    const value = values[metric];
    reports.push(value && 'number' in value ? value.number : (processes.myapp ?? 'nothing'));
  });
  return reports;
}

const none = { children: 0 };
const one = { children: 1 };
const two = { children: 2 };
const passed = { children: 1, traces: [aTrace()] };

describe('a report window by exception', () => {
  it.each<[string, readonly Changes[], readonly (number | string)[]]>([
    ['at the start, and then nothing while nothing changes', [none, none, none, none], [0]],
    ['a child, and that it went away', [none, none, none, one, one, one, none, none], [0, 1, 0]],
    ['more children, and fewer', [none, none, none, one, one, two, two, one, one], [0, 1, 2, 1]],
    [
      'a child that was never seen alive, and that it went away',
      [none, none, none, passed, none, none],
      [0, 1, 0],
    ],
    [
      'that the child that it reported went, even when another came and went with it',
      [none, none, one, one, passed, none, none],
      [0, 1, 0],
    ],
    ['the most of what was held back', [none, none, one, two, none, none, none], [0, 1, 2, 0]],
    [
      'that the app is not running',
      [none, none, { state: 'not-running' }, { state: 'not-running' }],
      [0, 'not-running'],
    ],
    ['that it may not look', [none, none, { state: 'no-permission' }], [0, 'no-permission']],
    ['that the app runs again', [{ state: 'not-running' }, {}, none, none], ['not-running', 0]],
    ['children of an app that ended', [none, none, { state: 'not-running', children: 2 }], [0, 2]],
  ])('reports %s', (_what, samples, reports) => {
    expect(play(byException, samples)).toEqual(reports);
  });

  it('reports a fall only after it lasted, and a rise at once', () => {
    const flicker = Array.from({ length: 50 }, (_, index) => (index % 3 === 0 ? passed : none));
    const quiet = Array.from({ length: 20 }, () => none);

    expect(play({ ...byException, fallHoldMs: 1000 }, [none, ...flicker, ...quiet, two])).toEqual([
      0, 1, 0, 2,
    ]);
  });

  it('reports a lasting fall even if the interval is that short', () => {
    const rules = { ...byException, intervalMs: 300, fallHoldMs: 300 };

    expect(play(rules, [one, one, none, none, none, none, none, none, none, none])).toEqual([1, 1, 0, 0, 0]);
  });

  it('reports at once that an app ended with all its children', () => {
    const ended = { state: 'not-running' } as const;

    expect(play({ ...byException, fallHoldMs: 1000 }, [none, none, one, one, one, ended, ended])).toEqual([
      0,
      1,
      'not-running',
    ]);
  });

  it('reports a new child with its evidence, even if the count stays the same', () => {
    const next = anEvidence({ pid: 12 });

    expect(play(byException, [none, none, one, one, { ...one, evidence: [next] }, one])).toEqual([0, 1, 1]);
  });

  it('reports at most five changes a second', () => {
    const flicker = Array.from({ length: 100 }, (_, index) => ({ children: index % 7 }));

    const [, ...changes] = play(byException, flicker);
    expect(changes.length).toBeLessThanOrEqual(50);
  });

  it('reports a change at once that comes soon after a report, and the next ones as often as allowed', () => {
    const window = createReportWindow({ ...byException, intervalMs: 1000 });
    const dueAt = (times: readonly number[]) =>
      times.filter((now) => {
        window.observe([aChildSample({ children: now })], now);
        const due = window.due(now);
        if (due) window.take(due, now);
        return due;
      });

    expect(dueAt([0, 10, 20, 150, 210, 220, 400, 410, 420])).toEqual([0, 10, 210, 410]);
    expect(dueAt([820, 830, 840, 1000, 1010, 1199, 1200])).toEqual([820, 830, 1000, 1200]);
  });

  it('reports again at the interval, changes in between or not', () => {
    const window = createReportWindow({ ...byException, intervalMs: 1000 });
    const due = (children: number, now: number) => {
      window.observe([aChildSample({ children })], now);
      const what = window.due(now);
      if (what) window.take(what, now);
      return what;
    };

    expect([due(0, 0), due(1, 500), due(1, 900), due(1, 1000), due(1, 1500), due(1, 2000)]).toEqual([
      'interval',
      'change',
      undefined,
      'interval',
      undefined,
      'interval',
    ]);
  });

  it('reports evidence once, with its traces', () => {
    const window = createReportWindow(byException);
    window.observe([aChildSample()], 0);
    window.take('interval', 0);
    window.observe([aChildSample({ children: 3, evidence: [anEvidence()], traces: [aTrace()] })], 0);

    expect(window.due(1000)).toBe('change');
    expect(window.take('change', 1000)).toEqual({
      values: { [metric]: { number: 3 } },
      processes: { myapp: 'running' },
      isRise: true,
      failures: {},
      caveats: [],
      exceptions: {},
      evidence: [anEvidence(), aTrace()],
    });
    window.observe([aChildSample({ children: 3 })], 1000);
    expect(window.due(2000)).toBeUndefined();
  });

  it('keeps at most ten pieces of evidence, the first ones, and the newest of each process', () => {
    const window = createReportWindow(byException);
    for (let pid = 0; pid < 30; pid += 1)
      window.observe([aChildSample({ evidence: [anEvidence({ pid })] })], 0);
    window.observe([aChildSample({ evidence: [anEvidence({ pid: 3, executable: '/bin/xmrig' })] })], 0);

    const { evidence } = window.take('interval', 0);

    expect(evidence.map(({ pid }) => pid)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(evidence[3]?.executable).toBe('/bin/xmrig');
  });

  it('has nothing due while the clock stands still', () => {
    expect(createReportWindow(byException).due(0)).toBe('interval');
    const window = createReportWindow(byException);
    window.take('interval', 0);

    expect(window.due(0)).toBeUndefined();
  });
});

describe('a report window at the interval', () => {
  it('makes a report of each rise, and reports the highest value at the interval', () => {
    const samples = [none, one, none, two, none, passed, none, none, none, none, none, none];

    expect(play({ ...atInterval, intervalMs: 1000 }, samples)).toEqual([0, 1, 2, 1]);
  });
});

describe('a report window of a count that can’t be seen', () => {
  const unseen = {
    metric,
    seen: { kind: 'nothing' },
    failure: 'it is hidden',
    evidence: [],
    traces: [],
  } as const;
  const running = { label: 'myapp', state: 'running' } as const;

  it.each([byException, atInterval])('leaves it out, says why, and never makes it 0', (rules) => {
    const window = createReportWindow(rules);
    window.observe([{ ...unseen, process: running }], 0);

    expect(window.take('interval', 0)).toMatchObject({
      values: { [metric]: undefined },
      failures: { [metric]: 'it is hidden' },
    });
  });

  it('keeps the highest value from before it was hidden for the report of the interval', () => {
    const window = createReportWindow(atInterval);
    window.observe([aChildSample({ children: 2 })], 0);
    window.observe([{ ...unseen, process: running }], 100);

    expect(window.take('interval', 100)).toMatchObject({
      values: { [metric]: { number: 2 } },
      failures: { [metric]: 'it is hidden' },
    });
  });

  it('reports at once that it can’t be seen any more, and no change of the reason', () => {
    const window = createReportWindow(byException);
    window.observe([aChildSample()], 0);
    window.take('interval', 0);
    window.observe([{ ...unseen, process: running }], 1000);
    const isNews = window.due(1000);
    window.take('change', 1000);
    window.observe([{ ...unseen, process: running, failure: 'it is hidden by another process' }], 2000);

    expect([isNews, window.due(2000)]).toEqual(['change', undefined]);
  });

  it.each([metric, 'toString'])(
    'reports at once why %s, of which there was no value, can’t be seen',
    (name) => {
      const window = createReportWindow(byException);
      const { failure, ...silent } = { ...unseen, metric: name, process: running };
      window.observe([silent], 0);
      window.take('interval', 0);
      window.observe([{ ...silent, failure }], 1000);

      expect(window.due(1000)).toBe('change');
    },
  );
});

describe('a report window of other metrics', () => {
  /** Looks once for each, and gives what is reported after each look, or nothing if none is due. */
  function tellAll(rules: WindowRules, looks: readonly (readonly [number, Seen, string?])[]) {
    const window = createReportWindow(rules);
    return looks.map(([now, seen, failure]) => {
      const sample = { metric, seen, ...(failure !== undefined && { failure }), evidence: [], traces: [] };
      window.observe([sample], now);
      const due = window.due(now);
      if (!due) return 'none';
      const { values, failures } = window.take(due, now);
      return values[metric] ?? failures[metric] ?? 'no value';
    });
  }
  const names = (...members: string[]): Seen => ({ kind: 'set', type: 'string_list', members });
  const listed = (...members: string[]) => ({ string_list: members });
  const rules = { ...byException, intervalMs: 10_000 };

  it('reports a new name at once, and a lost one at the interval', () => {
    expect(
      tellAll(rules, [
        [0, names()],
        [1000, names('sh')],
        [2000, names('sh', 'curl')],
        [3000, names()],
        [4000, names('sh')],
        [10_000, names()],
        [11_000, names('curl')],
        [20_000, names('curl')],
        [30_000, names('curl')],
      ]),
    ).toEqual([
      listed(),
      listed('sh'),
      listed('curl', 'sh'),
      'none',
      'none',
      listed('curl', 'sh'),
      'none',
      listed('curl'),
      listed('curl'),
    ]);
  });

  it('puts new names first, in case not all have room', () => {
    expect(
      tellAll(rules, [
        [0, names('a', 'c')],
        [1000, names('a', 'b', 'c')],
      ]),
    ).toEqual([listed('a', 'c'), listed('b', 'a', 'c')]);
  });

  it('reports each name that had no room with one of the next reports, and then none', () => {
    const crowd = Array.from({ length: 120 }, (_, index) => `n${String(index).padStart(3, '0')}`);
    const looks = [0, 1000, 2000, 3000, 4000, 10_000, 11_000].map((at) => [at, names(...crowd)] as const);
    const told = tellAll(rules, looks).map((value) =>
      typeof value === 'object' && 'string_list' in value ? value.string_list.slice(0, 50) : [],
    );

    expect(new Set(told.slice(0, 3).flat())).toEqual(new Set(crowd));
    expect(told.map(({ length }) => length)).toEqual([50, 50, 50, 0, 0, 50, 0]);
  });

  it('reports addresses in their own list', () => {
    const seen: Seen = { kind: 'set', type: 'ip_list', members: ['10.0.0.1'] };

    expect(tellAll(rules, [[0, seen]])).toEqual([{ ip_list: ['10.0.0.1'] }]);
  });

  it('bounds the names of an interval', () => {
    const crowd = Array.from({ length: 3000 }, (_, index) => `n${index}`);
    const [told] = tellAll(rules, [[0, names(...crowd)]]);

    expect(told).toEqual(listed(...crowd.slice(0, 1000).sort()));
  });

  it('reports the highest value of a gauge at the interval, and no change of it', () => {
    const gauge = (level: number): Seen => ({ kind: 'gauge', level });

    expect(
      tellAll(rules, [
        [0, gauge(5)],
        [1000, gauge(9)],
        [2000, gauge(1)],
        [10_000, gauge(3)],
        [20_000, gauge(2)],
      ]),
    ).toEqual([{ number: 5 }, 'none', 'none', { number: 9 }, { number: 2 }]);
  });

  it('reports the percentage used since the last interval, and none in the first', () => {
    const share = (used: number, of: number): Seen => ({ kind: 'share', used, of });

    expect(
      tellAll(rules, [
        [0, share(500, 1000)],
        [1000, share(500, 1100)],
        [10_000, share(1000, 2000)],
        [20_000, share(1001, 5000)],
        // A counter that was set back.
        [30_000, share(901, 6000)],
        [40_000, share(2101, 7000)],
      ]),
    ).toEqual(['no value', 'none', { number: 50 }, { number: 0 }, { number: 0 }, { number: 120 }]);
  });

  it('reports a program’s value when it changes, and why there is none', () => {
    const latest = (number: number): Seen => ({ kind: 'latest', value: { number } });

    expect(
      tellAll(rules, [
        [0, { kind: 'nothing' }],
        [1000, latest(7)],
        [2000, latest(7)],
        [3000, { kind: 'nothing' }, 'ended with 1'],
        [4000, { kind: 'nothing' }, 'ended with 1'],
        [5000, latest(7)],
      ]),
    ).toEqual(['no value', { number: 7 }, 'none', 'ended with 1', 'none', { number: 7 }]);
  });

  it('keeps apart an interval’s names and a report of a change in between', () => {
    const window = createReportWindow(rules);
    const look = (now: number, children: number, ...members: string[]) => {
      const about = { seen: names(...members), evidence: [], traces: [] };
      window.observe([aChildSample({ children }), { metric: 'child_names', ...about }], now);
      const due = window.due(now);
      return due && window.take(due, now).values;
    };

    look(0, 0);
    look(1000, 1, 'sh');
    expect(look(2000, 2)).toEqual({ [metric]: { number: 2 }, child_names: listed('sh') });
    expect(look(10_000, 2)).toEqual({ [metric]: { number: 2 }, child_names: listed('sh') });
    expect(look(20_000, 2)).toEqual({ [metric]: { number: 2 }, child_names: listed() });
  });
});
