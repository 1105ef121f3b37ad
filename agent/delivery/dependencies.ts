import type { Log } from '../log';
import type { MetricSampler } from '../metrics/metric-sampler';
import type { SystemSample } from '../metrics/system';
import type { TrafficMeter } from '../metrics/traffic';
import type { Problems } from '../problems';
import type { CpuBudget } from '../processes/cpu-budget';
import type { ReportIds } from '../report/report-id';
import type { Restarts } from './restarts';
import type { Spool } from './spool';

export interface ReportingDependencies {
  readonly sampler: MetricSampler;
  readonly sampleSystem: () => SystemSample;
  /** Adds up traffic between the reports. */
  readonly meter?: TrafficMeter;
  readonly reportIds: ReportIds;
  readonly problems: Problems;
  /** Without a spool, undelivered reports are lost when the agent ends. */
  readonly spool?: Spool;
  readonly restarts?: Restarts;
  /** Without one, it looks at the given rate. */
  readonly budget?: CpuBudget;
  readonly log: Log;
  /** Monotonic clock, in milliseconds. */
  readonly clock: () => number;
  readonly wallClock: () => number;
  /** Called after each sample of the processes, to show that the agent is not stuck. */
  readonly onTick?: () => void;
}
