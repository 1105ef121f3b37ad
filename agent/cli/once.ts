import { setTimeout as wait } from 'node:timers/promises';
import type { Settings } from '../config/flags';
import type { ReportingDependencies } from '../delivery/dependencies';
import { findFailures, findHealth } from '../delivery/findings';
import { buildReport, type Report } from '../report/report';
import { createReportWindow } from '../report/report-window';

/** Long enough for a percentage of the processor to mean something. */
const loadMs = 1_100;

/** Collects one report, with two looks at the processes, so that a child that came and went between them is seen too. */
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
