import type { Evidence } from './evidence';

/** `unknown`: none was seen, but not all could be seen. */
export type ProcessState = 'running' | 'not-running' | 'no-permission' | 'unknown';

/** The value of a custom metric as a report holds it (docs/facts.md#reports). */
export type MetricValue =
  | { readonly number: number }
  | { readonly number_list: readonly number[] }
  | { readonly string_list: readonly string[] }
  | { readonly ip_list: readonly string[] };

/** What remains unknown although the agent could read everything that it may see. */
export interface Caveat {
  readonly reason: 'shared-cgroup' | 'exceptions' | 'sigchld-ignored';
  /** In words for people. */
  readonly note: string;
}

/** The result of one look at a metric. */
export interface MetricSample {
  readonly metric: string;
  /** The processes it is about, under the name they were asked for. */
  readonly process?: { readonly label: string; readonly state: ProcessState };
  readonly seen: Seen;
  /** Why there is no value, or may be more than it says, in words for people. */
  readonly failure?: string;
  readonly caveats?: readonly Caveat[];
  /** The exceptions of the configuration that children were. */
  readonly excepted?: readonly string[];
  /** Children that are new to the agent. */
  readonly evidence: readonly Evidence[];
  /** Children that ended before any look at them. */
  readonly traces: readonly Evidence[];
}

export type Seen =
  /** A count. A report has the highest one since the last report, and each change is reported at once. */
  | { readonly kind: 'count'; readonly level: number }
  /** A set of members. A report has all members of the interval, and each new one is reported at once. */
  | { readonly kind: 'set'; readonly type: 'string_list' | 'ip_list'; readonly members: readonly string[] }
  /** A measure that changes all the time. A report has the highest value of the interval. */
  | { readonly kind: 'gauge'; readonly level: number }
  /** The used share of a resource. A report has the percentage of the interval. */
  | { readonly kind: 'share'; readonly used: number; readonly of: number }
  /** A value from outside; each change is news. */
  | { readonly kind: 'latest'; readonly value: MetricValue }
  | { readonly kind: 'nothing' };

/** How the processes are found. */
export interface Sight {
  /** Whether the look uses the kernel's lists of children or scans all processes, or has no process to watch. */
  readonly mode: 'children' | 'scan' | 'none';
  /** The kernel reports new processes. */
  readonly announcesPids: boolean;
  readonly isHidden: boolean;
}
