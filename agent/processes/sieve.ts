import type { MetricDefinition } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import { type ProcStat, parseUptimeSeconds } from '../proc/proc-stat';
import { readStat } from '../proc/read-stat';
import type { FamilySample } from './child-sampler';
import type { Trace } from './child-walk';
import { createExceptions, describeException, type FindException } from './exceptions';
import type { Child, Family } from './family';
import type { Caveat } from './metric-sample';
import { programOf } from './process-name';

interface Sieve {
  /** Undefined for a metric without exceptions. */
  readonly find: FindException | undefined;
  /** Children that did not count at the last look: pid to start. */
  uncounted: ReadonlyMap<number, number>;
  /** Those among them that still ran their parent's program. */
  forked: readonly ProcStat[];
}

/**
 * Removes the excepted children of a metric from a family, and returns the exceptions. A child between its fork and its
 * exec still runs its parent's program. It counts at the next look: as the program that it runs then, or as a child
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
    const isYoung = createIsYoung(proc);
    const freshByPid = new Map(fresh.map((stat) => [stat.pid, stat]));
    for (const [pid, child] of family.children) {
      const exception = sieve.find?.(pid, child.startTicks, now);
      const mayBeForked = !exception && child.age <= 1 && isYoung(child);
      const justForked =
        mayBeForked && isLikeParent(proc, family, pid, child) ? freshByPid.get(pid) : undefined;
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

/** Says whether a child has the name and the program of its parent; or of its app, if the parent has ended. */
function isLikeParent(proc: ProcReader, { instances, children }: Family, pid: number, child: Child): boolean {
  const isLike = (other: number): boolean =>
    other !== pid &&
    (instances.get(other) ?? children.get(other))?.comm === child.comm &&
    programOf(proc, pid) === programOf(proc, other);
  return isLike(child.ppid) || isLike(child.root);
}

/** Two samples are usually closer together than this; otherwise a child may be older when it is first seen. */
const youngForMs = 200;
/** USER_HZ, as in evidence. */
const tickMs = 10;

/** Reads the time once, and only if it is needed. A child whose age can't be read is young. */
function createIsYoung(proc: ProcReader): (child: Child) => boolean {
  let uptimeMs: number | undefined;
  return ({ startTicks }) => {
    uptimeMs ??= readUptimeMs(proc);
    return !(uptimeMs - startTicks * tickMs > youngForMs);
  };
}

function readUptimeMs(proc: ProcReader): number {
  const bytes = proc.read('uptime');
  return (typeof bytes === 'string' ? Number.NaN : (parseUptimeSeconds(bytes) ?? Number.NaN)) * 1000;
}
