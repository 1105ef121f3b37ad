import type { ChildSample } from '../../agent/metrics/child-sampler';
import { createReportWindow, type WindowRules } from '../../agent/report-window';
import { aChildSample, anEvidence, metric } from './builders';

const byException: WindowRules = {
  intervalMs: 300_000,
  byException: true,
  changeGapMs: 200,
  fallHoldMs: 0,
  retryMs: 0,
};
const atInterval: WindowRules = { ...byException, byException: false, retryMs: 60_000 };

/** Looks every 100 ms, reports whenever something is due, and gives the values of the reports in order. */
function play(rules: WindowRules, samples: readonly Partial<ChildSample>[]) {
  const window = createReportWindow(rules);
  const reports: (number | string)[] = [];
  samples.forEach((sample, index) => {
    const now = index * 100;
    window.observe([aChildSample(sample)], now);
    const due = window.due(now);
    if (!due) return;
    const { values, processes } = window.take(due, now);
    window.settle('acknowledged', now);
    reports.push(values[metric] ?? processes.myapp ?? 'nothing');
  });
  return reports;
}

const none = { children: 0 };
const one = { children: 1 };
const two = { children: 2 };
const passed = { children: 0, cameAndWent: true };

describe('a report window by exception', () => {
  it.each<[string, readonly Partial<ChildSample>[], readonly (number | string)[]]>([
    ['at the start, and then nothing while nothing changes', [none, none, none, none], [0]],
    ['a child, and that it went away', [none, none, none, one, one, one, none, none], [0, 1, 0]],
    ['more children, and fewer', [none, none, none, one, one, two, two, one, one], [0, 1, 2, 1]],
    [
      'a child that was never seen alive, and that it went away',
      [none, none, none, passed, none, none],
      [0, 1, 0],
    ],
    [
      'that the child it told of went, also when another came and went with it',
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
  ])('tells %s', (_what, samples, reports) => {
    expect(play(byException, samples)).toEqual(reports);
  });

  it('tells a fall only when it lasted, and a rise at once', () => {
    const flicker = Array.from({ length: 50 }, (_, index) => (index % 3 === 0 ? passed : none));
    const quiet = Array.from({ length: 20 }, () => none);

    expect(play({ ...byException, fallHoldMs: 1000 }, [none, ...flicker, ...quiet, two])).toEqual([
      0, 1, 0, 2,
    ]);
  });

  it('tells at once that an app ended, children and all', () => {
    const ended = { state: 'not-running' } as const;

    expect(play({ ...byException, fallHoldMs: 1000 }, [none, none, one, one, one, ended, ended])).toEqual([
      0,
      1,
      'not-running',
    ]);
  });

  it('tells a new child with its evidence, also where the count stays the same', () => {
    const next = anEvidence({ pid: 12 });

    expect(play(byException, [none, none, one, one, { ...one, evidence: [next] }, one])).toEqual([0, 1, 1]);
  });

  it('reports at most five changes a second', () => {
    const flicker = Array.from({ length: 100 }, (_, index) => ({ children: index % 7 }));

    expect(play(byException, flicker).length).toBeLessThanOrEqual(50);
  });

  it('reports again at the interval, changes in between or not', () => {
    const window = createReportWindow({ ...byException, intervalMs: 1000 });
    const due = (children: number, now: number) => {
      window.observe([aChildSample({ children })], now);
      const what = window.due(now);
      if (what) window.take(what, now);
      window.settle('acknowledged', now);
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

  it('has one report under way at a time', () => {
    const window = createReportWindow(byException);
    window.observe([aChildSample()], 0);
    window.take('interval', 0);
    window.observe([aChildSample({ children: 3 })], 0);

    expect(window.due(10_000)).toBeUndefined();
    window.settle('acknowledged', 10_000);
    expect(window.due(10_000)).toBe('change');
  });

  it('keeps peak and evidence of a report that failed, and tells them in the next', () => {
    const window = createReportWindow(byException);
    window.observe([aChildSample()], 0);
    window.take('interval', 0);
    window.settle('acknowledged', 0);
    window.observe([aChildSample({ children: 3, evidence: [anEvidence()] })], 0);
    window.take('change', 1000);
    window.observe([aChildSample({ evidence: [anEvidence({ pid: 12 })] })], 0);
    window.settle('failed', 1100);

    expect(window.due(1200)).toBe('change');
    expect(window.take('change', 1200)).toEqual({
      values: { [metric]: 3 },
      processes: { myapp: 'running' },
      evidence: [anEvidence(), anEvidence({ pid: 12 })],
    });
  });

  it('keeps at most ten pieces of evidence, the first ones, and the newest look at each process', () => {
    const window = createReportWindow(byException);
    for (let pid = 0; pid < 30; pid += 1)
      window.observe([aChildSample({ evidence: [anEvidence({ pid })] })], 0);
    window.observe([aChildSample({ evidence: [anEvidence({ pid: 3, executable: '/bin/xmrig' })] })], 0);

    const { evidence } = window.take('interval', 0);

    expect(evidence.map(({ pid }) => pid)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(evidence[3]?.executable).toBe('/bin/xmrig');
  });

  it('has nothing due from a clock that went nowhere', () => {
    expect(createReportWindow(byException).due(0)).toBe('interval');
    const window = createReportWindow(byException);
    window.take('interval', 0);
    window.settle('acknowledged', 0);

    expect(window.due(0)).toBeUndefined();
  });
});

describe('a report window at the interval', () => {
  it('tells the most of the whole interval, and nothing before', () => {
    const samples = [none, one, none, two, none, passed, none, none, none, none, none, none];

    expect(play({ ...atInterval, intervalMs: 1000 }, samples)).toEqual([0, 2]);
  });

  it('waits after a report that failed', () => {
    const window = createReportWindow(atInterval);
    window.observe([aChildSample()], 0);
    window.take('interval', 0);
    window.settle('failed', 1000);

    expect([window.due(1000), window.due(60_999), window.due(61_000)]).toEqual([
      undefined,
      undefined,
      'interval',
    ]);
  });
});
