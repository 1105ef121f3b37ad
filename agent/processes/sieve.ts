import type { MetricDefinition } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import type { ProcStat } from '../proc/proc-stat';
import { readStat } from '../proc/read-stat';
import type { FamilySample } from './child-sampler';
import type { Trace } from './child-walk';
import { createExceptions, describeException, type FindException } from './exceptions';
import type { Family } from './family';
import type { Caveat } from './metric-sample';
import { programOf } from './process-name';

interface Sieve {
  /** Undefined for a metric without exceptions. */
  readonly find: FindException | undefined;
  /** Children that did not count at the last look: pid to start. */
  uncounted: ReadonlyMap<number, number>;
  /** Those of them that were as they were forked. */
  forked: readonly ProcStat[];
}

/**
 * Leaves out of a family what a metric excepts, and says what that was. A child that is seen between its fork and its
 * exec is its parent's program and not yet what it is to be: it counts at the next look, as what it is then, or as one
 * that came and went.
 */
export function createSieve(
  proc: ProcReader,
  ownPid: number,
): (definition: MetricDefinition, sample: FamilySample, now: number) => FamilySample {
  const sieves = new Map<MetricDefinition, Sieve>();
  return (definition, sample, now) => {
    if (definition.collect !== 'children' && definition.collect !== 'child-names') return sample;
    const { except } = definition;
    const sieve = sieves.get(definition) ?? {
      find: except && createExceptions(proc, except, ownPid),
      uncounted: new Map(),
      forked: [],
    };
    sieves.set(definition, sieve);
    const { family, fresh } = sample;
    const excepted = new Set<string>();
    const uncounted = new Map<number, number>();
    const forked: ProcStat[] = [];
    const children: typeof family.children = new Map();
    for (const [pid, child] of family.children) {
      const exception = sieve.find?.(pid, child.startTicks, now);
      const justForked = exception ? undefined : findJustForked(proc, family, pid, fresh);
      if (exception) excepted.add(describeException(exception));
      if (justForked) forked.push(justForked);
      if (exception || justForked) uncounted.set(pid, child.startTicks);
      else children.set(pid, child);
    }
    // Where another child has the same pid now, that child is reported instead.
    const gone = sieve.forked.filter(({ pid }) => !family.children.has(pid));
    const wasUncounted = (pid: number): boolean =>
      children.has(pid) && sieve.uncounted.get(pid) === children.get(pid)?.startTicks;
    // A child that was an exception, or just forked, and is neither now counts as new.
    const late = [...sieve.uncounted.keys()].filter(wasUncounted).map((pid) => readStat(proc, pid));
    const known = fresh.filter(({ pid }) => children.has(pid) && !wasUncounted(pid));
    sieve.uncounted = uncounted;
    sieve.forked = forked;
    const traces = [...sample.traces, ...gone.map((stat): Trace => ({ kind: 'forked', stat }))];
    const sifted = {
      ...sample,
      family: { ...family, children },
      fresh: [...known, ...late.flatMap((stat) => (typeof stat === 'string' ? [] : [stat]))],
      traces,
    };
    if (!except) return sifted;
    return {
      ...sifted,
      // It is too late to know whether it was an exception.
      traces: [],
      excepted: [...excepted],
      caveats: traces.length > 0 ? [...sample.caveats, tooShort(definition.metric)] : sample.caveats,
    };
  };
}

function tooShort(metric: string): Caveat {
  return {
    reason: 'exceptions',
    note: `${metric}: children ended before they could be compared with its exceptions; they do not count`,
  };
}

/** At its first look, under the name and with the program of its parent; or of its app, where the parent has ended. */
function findJustForked(
  proc: ProcReader,
  { instances, children }: Family,
  pid: number,
  fresh: readonly ProcStat[],
): ProcStat | undefined {
  const child = children.get(pid);
  if (!child || child.age > 1) return undefined;
  const isLike = (other: number): boolean =>
    other !== pid &&
    (instances.get(other) ?? children.get(other))?.comm === child.comm &&
    programOf(proc, pid) === programOf(proc, other);
  if (!isLike(child.ppid) && !isLike(child.root)) return undefined;
  return fresh.find((stat) => stat.pid === pid);
}
