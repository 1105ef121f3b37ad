import type { ProcessSelector } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import { isAlive, type ProcStat } from '../proc/proc-stat';
import { createPathResolver, createSelects } from './process-name';

export interface KnownProcess {
  readonly startTicks: number;
  readonly comm: string;
  /** Seen in two samples: it is no longer between fork and exec. */
  readonly isSettled: boolean;
  readonly selectedBy: ReadonlySet<number>;
}

/** The result of a look: the processes of each selector, and the new ones among them. */
export interface Finds {
  readonly selected: ProcStat[][];
  readonly fresh: ProcStat[];
}

/** For the thousands that no selector selects. */
const byNone: ReadonlySet<number> = new Set();

/** Remembers the processes, and which selectors select each. */
export function createKnownProcesses(
  proc: ProcReader,
  selectors: readonly ProcessSelector[],
  ownPid: number,
) {
  const resolvePath = createPathResolver(proc);
  const selects = selectors.map((selector) => createSelects(selector, resolvePath));
  let known = new Map<number, KnownProcess>();
  /** Processes for which the agent can't see whether these selectors select them. */
  const unknowns = new Map<number, ReadonlySet<number>>();

  return {
    get: (pid: number): KnownProcess | undefined => known.get(pid),

    /** Whether a selector selects a process as it is now. */
    selects: (selector: number, pid: number, comm: string): boolean | 'unknown' =>
      selects[selector]?.(proc, pid, comm) ?? 'unknown',

    /** Notes it among those `into`. At the first scan, it counts as settled. */
    examine(stat: ProcStat, finds: Finds, into = known, isFirst = false): void {
      if (stat.pid === ownPid || !isAlive(stat)) return;
      const { pid, startTicks, comm } = stat;
      const last = known.get(pid);
      const before = last?.startTicks === startTicks ? last : undefined;
      if (before?.isSettled && before.comm === comm) {
        into.set(pid, before);
        return;
      }
      const answers = selects.map((isSelected) => isSelected(proc, pid, comm));
      const listOf = (wanted: boolean | 'unknown') =>
        answers.flatMap((answer, index) => (answer === wanted ? [index] : []));
      const matching = listOf(true);
      const unknown = listOf('unknown');
      const isSettled = unknown.length === 0 && (before?.comm === comm || isFirst);
      into.set(pid, {
        startTicks,
        comm,
        isSettled,
        selectedBy: matching.length > 0 ? new Set(matching) : byNone,
      });
      if (unknown.length > 0) unknowns.set(pid, new Set(unknown));
      else unknowns.delete(pid);
      if (!before) finds.fresh.push(stat);
      // The selectors that selected it before still do, because its kernel name is the same.
      const isTold = (index: number): boolean => before?.comm === comm && before.selectedBy.has(index);
      for (const index of matching) if (!isTold(index)) finds.selected[index]?.push(stat);
    },

    /** After a scan: `next` are known now, and only these processes are there. */
    replace(next: Map<number, KnownProcess>, pids: ReadonlySet<number>): void {
      known = next;
      for (const pid of unknowns.keys()) if (!pids.has(pid)) unknowns.delete(pid);
    },

    /** Finds the process again at the next scan. */
    forget: (pid: number): void => void known.delete(pid),

    /** A process for which the agent can't see whether the selector selects it. */
    unknownTo(selector: number): number | undefined {
      for (const [pid, unseen] of unknowns) if (unseen.has(selector)) return pid;
      return undefined;
    },
  };
}
