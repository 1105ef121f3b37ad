import { allInterfaces } from '../../../agent/config/interface-rules';
import type { Settings } from '../../../agent/config/settings';
import type { ReportingDependencies } from '../../../agent/delivery/dependencies';
import { createReport, openRoute } from '../../../agent/delivery/route';
import { createProblems } from '../../../agent/problems';
import { countReportIds } from '../../../agent/report/report-id';
import { aSampler } from '../builders';

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
});
