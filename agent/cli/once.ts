import { setTimeout as wait } from 'node:timers/promises';
import type { Settings } from '../config/settings';
import type { ReportingDependencies } from '../delivery/dependencies';
import { findFailures, findHealth } from '../delivery/findings';
import type { ProcessState } from '../processes/metric-sample';
import { buildReport, type Report } from '../report/report';
import { createReportWindow } from '../report/report-window';

/** A CPU percentage over a shorter time means little. */
const loadMs = 1_100;

/** Collects one report from two samples of the processes, to see a child that starts and ends between them as well. */
export async function collectOnce(settings: Settings, dependencies: ReportingDependencies): Promise<Report> {
  const { sampler, sampleSystem, meter, reportIds, clock, wallClock } = dependencies;
  const window = createReportWindow({
    intervalMs: 0,
    byException: false,
    changeGapMs: 0,
    fallHoldMs: 0,
  });
  meter?.look(clock());
  window.observe(sampler.sample(clock()), clock());
  if (settings.metrics.length > 0) {
    const hasLoad = settings.metrics.some(({ collect }) => collect === 'cpu-percent');
    await Promise.all([wait(hasLoad ? loadMs : settings.sampleIntervalMs), sampler.settled()]);
    window.observe(sampler.sample(clock()), clock());
  }
  const { values, caveats, isRise: _, ...told } = window.take('interval', clock());
  const system = sampleSystem();
  const failures = { ...findFailures(dependencies), ...system.failures, ...told.failures };
  const health = findHealth(dependencies, {
    wantedMs: settings.sampleIntervalMs,
    spool: 0,
    failures,
    caveats,
    stoodStillMs: 0,
  });
  const madeAt = wallClock();
  return buildReport({
    reportId: reportIds.next(madeAt),
    system,
    values,
    ...(settings.destinations.includes('cordon') && { extras: { ...told, failures, health, madeAt } }),
  });
}

const explanations: Readonly<Record<Exclude<ProcessState, 'running'>, string>> = {
  'not-running': 'not-running: no such process exists at this moment',
  'no-permission': 'no-permission: this user may not see all processes (hidepid)',
  unknown: 'unknown: some processes could not be read; failures has the reason',
};

/** Explains the states in a printed report, one line for each process that does not run. */
export function explainStates({ processes = {} }: Report): readonly string[] {
  return Object.entries(processes).flatMap(([name, state]) =>
    state === 'running' ? [] : [`${name} is ${explanations[state]}`],
  );
}
