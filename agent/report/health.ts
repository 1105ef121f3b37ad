import { agentVersion } from '../build-constants';
import type { Problems } from '../problems';
import type { Caveat } from '../processes/metric-sample';

/** How complete the agent's view is, with each report to Cordon. */
export interface Health {
  readonly agent: string;
  /** How children are found: by the kernel's own lists, or by a scan of all processes. */
  readonly mode: 'children' | 'scan' | 'none';
  /** Milliseconds between two reports, if nothing changes. */
  readonly intervalMs?: number;
  /** Milliseconds between two looks at the processes, lately. */
  readonly sampleMs?: number;
  /** Starts since the last delivered report, except this one. */
  readonly restarts: number;
  /** Reports that wait for delivery, except this one. */
  readonly spool: number;
  /** What limits the agent's view; `failures` and `notes` have the details. */
  readonly degraded: readonly Degradation[];
  readonly notes?: readonly string[];
}

type Degradation =
  /** The agent samples less often than configured, to keep its CPU budget. */
  | 'cpu-budget'
  /** It stood still: stopped, or without a processor. */
  | 'gap'
  /** The kernel lists no children, so all processes are read each time. */
  | 'no-children-files'
  /** The kernel does not report new processes, so scans find them. */
  | 'no-new-pids'
  /** Processes are hidden from the agent (`hidepid`, permissions). */
  | 'hidden'
  /** A file, a table or the value of a metric can't be read. */
  | 'unreadable'
  /**
   * Others share the cgroup, so what leaves the process tree is unknown; children were too short to be distinguished from
   * exceptions; a watched process ignores SIGCHLD, so that its children leave no trace.
   */
  | Caveat['reason']
  /** State that must survive a restart can't be stored. */
  | 'state';

/** Sampling slower than this factor is reported. */
const slowFactor = 1.5;
const mostNotes = 10;

export interface HealthFacts {
  readonly mode: Health['mode'];
  readonly wantedMs: number;
  /** For an agent that continues to report. */
  readonly intervalMs?: number;
  readonly sampleMs: number | undefined;
  readonly restarts: number;
  readonly spool: number;
  readonly announcesPids: boolean;
  readonly isHidden: boolean;
  readonly failures: Readonly<Record<string, string>>;
  readonly problems: Problems;
  readonly caveats: readonly Caveat[];
  /** Since the last report, the longest at once. */
  readonly stoodStillMs: number;
}

export function describeHealth(facts: HealthFacts): Health {
  const { mode, wantedMs, intervalMs, sampleMs, restarts, spool, failures, problems, caveats } = facts;
  const own = Object.keys(problems.all());
  const notes = [...new Set(caveats.map(({ note }) => note))];
  const others = Object.keys(failures).filter((key) => !own.includes(key));
  const degraded: readonly (readonly [Degradation, boolean])[] = [
    ['cpu-budget', sampleMs !== undefined && sampleMs > wantedMs * slowFactor],
    ['gap', facts.stoodStillMs > 0],
    ['no-children-files', mode === 'scan'],
    ['no-new-pids', mode !== 'none' && !facts.announcesPids],
    ['hidden', facts.isHidden],
    ['unreadable', others.length > 0],
    ...[...new Set(caveats.map(({ reason }) => reason))].map((reason) => [reason, true] as const),
    ['state', own.length > 0],
  ];
  return {
    agent: agentVersion,
    mode,
    ...(intervalMs !== undefined && { intervalMs }),
    ...(sampleMs !== undefined && { sampleMs: Math.round(sampleMs) }),
    restarts,
    spool,
    degraded: degraded.flatMap(([reason, is]) => (is ? [reason] : [])),
    ...(notes.length > 0 && { notes: notes.slice(0, mostNotes) }),
  };
}
