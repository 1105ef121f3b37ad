import type { Caveat } from '../processes/metric-sample';
import { describeHealth, type Health } from '../report/health';
import type { ReportingDependencies } from './dependencies';

/** What the agent can't see, and which of its parts don't work. */
export function findFailures({ sampler, problems }: ReportingDependencies): Readonly<Record<string, string>> {
  return { ...sampler.problems(), ...problems.all() };
}

export function findHealth(
  { sampler, problems, budget, restarts }: ReportingDependencies,
  rest: {
    readonly wantedMs: number;
    readonly intervalMs?: number;
    readonly spool: number;
    readonly failures: Readonly<Record<string, string>>;
    readonly caveats: readonly Caveat[];
    readonly stoodStillMs: number;
  },
): Health {
  return describeHealth({
    ...sampler.sight(),
    sampleMs: budget?.everyMs(),
    restarts: restarts?.count() ?? 0,
    problems,
    ...rest,
  });
}
