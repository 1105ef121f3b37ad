import type { ProcessSelector } from '../config/metric-definition';
import type { ProcStat } from '../proc/proc-stat';
import type { Family } from './family';
import type { LineageWatch } from './lineage';

/** The state of the processes of one selector. */
export interface Watch extends Family, LineageWatch {
  readonly selector: ProcessSelector;
  /** Kernel name of the instance that ended last. */
  endedComm?: string;
  /** A process of it ignores SIGCHLD, as far as was seen at the last scan or when it was found. */
  isDeaf: boolean;
  /** Processes that may be descendants, until systemd says whether it started them. */
  readonly candidates: Map<number, Candidate>;
  /** Processes of the watched unit that may still be commands of systemd. */
  waiting: readonly Candidate[];
}

export interface Candidate {
  readonly stat: ProcStat;
  readonly seenAt: number;
  /** It runs in the unit that is watched, so only systemd can have another claim. */
  readonly unit?: string;
  /** Its cgroup, if its session leader had ended before systemd was asked about it. */
  leftIn?: string | undefined;
}

export const mostCandidates = 256;

export function createWatch(selector: ProcessSelector): Watch {
  return {
    selector,
    instances: new Map(),
    children: new Map(),
    zombies: new Map(),
    sessions: new Map(),
    cgroups: new Map(),
    isDeaf: false,
    candidates: new Map(),
    waiting: [],
  };
}
