import { allInterfaces } from '../../../agent/config/interface-rules';
import type { Settings } from '../../../agent/config/settings';
import type { ReportingDependencies } from '../../../agent/delivery/dependencies';
import { createReport, openRoute } from '../../../agent/delivery/route';
import { createProblems } from '../../../agent/problems';
import type { Evidence } from '../../../agent/processes/evidence';
import { countReportIds } from '../../../agent/report/report-id';
import { anEvidence, aSampler } from '../builders';

const settings: Settings = {
  mode: 'report',
  intervalMs: 300_000,
  sampleIntervalMs: 100,
  format: 'json',
  names: 'long',
  destinations: ['cordon'],
  metrics: [],
  unknownMetrics: [],
  stateDirectory: '',
  cpuBudgetPercent: 2,
  interfaces: allInterfaces,
  logLevel: 'info',
};

describe('a report', () => {
  it('names a problem while it lasts, and tries first whether it still does', () => {
    const problems = createProblems(() => undefined);
    const dependencies: ReportingDependencies = {
      sampler: aSampler(() => []),
      sampleSystem: () => ({ interfaces: new Map(), failures: {} }),
      reportIds: countReportIds(),
      problems,
      log: () => undefined,
      clock: () => 0,
      wallClock: () => 0,
    };
    const delivery = { isReady: () => false, deliver: async () => 'failed' as const };
    const route = openRoute('cordon', settings, dependencies, delivery);
    const make = () =>
      createReport(route, 'interval', dependencies, { wantedMs: 100, intervalMs: 300_000 }).report;
    let isFull = true;
    problems.note('spool', 'the disk is full', () => {
      if (!isFull) problems.end('spool');
    });
    const before = make();
    isFull = false;
    const after = make();

    expect([before.failures, before.health?.degraded]).toEqual([{ spool: 'the disk is full' }, ['state']]);
    expect([after.failures, after.health?.degraded]).toEqual([undefined, []]);
  });

  it.each(['cordon', 'device-defender'] as const)(
    'to %s goes with a line of the log once a metric can’t be seen, whether or not it can be delivered',
    (destination) => {
      const logged: unknown[] = [];
      let failure: string | undefined = 'no permission to see all processes (hidepid)';
      const dependencies: ReportingDependencies = {
        sampler: aSampler(() => []),
        sampleSystem: () => ({ interfaces: new Map(), failures: {} }),
        reportIds: countReportIds(),
        problems: createProblems(() => undefined),
        log: (level, event, fields) => logged.push({ level, event, ...fields }),
        clock: () => 0,
        wallClock: () => 0,
      };
      const delivery = { isReady: () => false, deliver: async () => 'failed' as const };
      const route = openRoute(destination, settings, dependencies, delivery);
      const make = (now: number) => {
        const seen = { kind: 'nothing' } as const;
        route.window.observe(
          [{ metric: 'children', seen, evidence: [], traces: [], ...(failure && { failure }) }],
          now,
        );
        createReport(route, 'interval', dependencies, { wantedMs: 100, intervalMs: 300_000 });
      };
      make(0);
      make(1000);
      failure = undefined;
      make(2000);
      failure = 'process 7 cannot be read';
      make(3000);

      const about = { level: 'warn', event: 'metric-unseen', destination, metric: 'children' };
      expect(logged).toEqual([
        { ...about, reason: 'no permission to see all processes (hidepid)' },
        { ...about, reason: 'process 7 cannot be read' },
      ]);
    },
  );

  it('lists first those names that did not fit into the message before, which a program can fill with its command line', () => {
    const dependencies: ReportingDependencies = {
      sampler: aSampler(() => []),
      sampleSystem: () => ({ interfaces: new Map(), failures: {} }),
      reportIds: countReportIds(),
      problems: createProblems(() => undefined),
      log: () => undefined,
      clock: () => 0,
      wallClock: () => 0,
    };
    const delivery = { isReady: () => false, deliver: async () => 'failed' as const };
    const route = openRoute('cordon', settings, dependencies, delivery);
    const unreadable = '\u0001';
    const evidence = Array.from({ length: 10 }, (_, pid) =>
      anEvidence({
        ...{ pid, executable: unreadable.repeat(512), commandLine: unreadable.repeat(1024) },
        parents: Array.from({ length: 16 }, () => unreadable.repeat(15)),
      }),
    );
    const members = Array.from({ length: 50 }, (_, index) => `program-${index}`.padEnd(128, 'x')).sort();
    const make = (now: number, found: readonly Evidence[]) => {
      const seen = { kind: 'set', type: 'string_list', members } as const;
      const samples = ['names', 'others', 'more'].map((name) => ({
        metric: name,
        seen,
        evidence: found,
        traces: [],
      }));
      route.window.observe(samples, now);
      const due = route.window.due(now);
      if (!due) return [];
      const { report } = createReport(route, due, dependencies, { wantedMs: 100, intervalMs: 300_000 });
      const [value] = report.custom_metrics?.names ?? [];
      return value && 'string_list' in value ? value.string_list : [];
    };

    const first = make(0, evidence);
    const second = make(1000, []);

    expect(first).toEqual(members.slice(0, first.length));
    expect(first.length).toBeLessThan(50);
    expect(second.slice(0, 50 - first.length)).toEqual(members.slice(first.length));
    expect(make(2000, [])).toEqual([]);
  });
});
