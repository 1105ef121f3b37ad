import type { FamilySample } from './child-sampler';
import type { ChildException, MetricDefinition } from './definition';
import { hasInjectedCode } from './injected-code';
import type { Caveat } from './metric-sample';
import type { ProcReader } from './proc-reader';
import { parseCommandLine } from './proc-stat';
import { readStat } from './process-discovery';
import { programOf } from './process-name';
import { isTrustedFile } from './trusted-file';

/** Says which exception a child is, if any. Asked at each look: a process may become another program under the same name. */
type FindException = (pid: number, now: number) => ChildException | undefined;

/** What it costs to look for code that somebody injected is worth a look a second. */
const trustForMs = 1000;

/**
 * By the file that runs, not by what it calls itself: the very file of the configuration (device and inode, since a
 * process in a mount namespace of its own can have any file at that path), root's, and writable by nobody else. One
 * that may run code which somebody else gave to it is none.
 */
function createExceptions(
  proc: ProcReader,
  exceptions: readonly ChildException[],
  ownPid: number,
): FindException {
  /** When each was seen to run nothing but its program. */
  const trusted = new Map<string, number>();
  const isTrusted = (pid: number, program: string, now: number): boolean => {
    for (const [key, at] of trusted) if (now - at >= trustForMs) trusted.delete(key);
    const key = `${pid} ${program}`;
    if (trusted.has(key)) return true;
    if (hasInjectedCode(proc, pid, program, ownPid)) return false;
    trusted.set(key, now);
    return true;
  };
  return (pid, now) => {
    const program = programOf(proc, pid);
    if (program === undefined) return undefined;
    const exception = exceptions.find(
      (one) =>
        isTrustedFile(proc.pathOf(`${pid}/exe`), one.executable) && hasArguments(proc, pid, one.arguments),
    );
    return exception && isTrusted(pid, program, now) ? exception : undefined;
  };
}

/** Each argument after the program's own name as it is given; `*` alone is any one. */
function hasArguments(proc: ProcReader, pid: number, wanted: readonly string[] | undefined): boolean {
  if (wanted === undefined) return true;
  const bytes = proc.read(`${pid}/cmdline`);
  const args = typeof bytes === 'string' ? [] : parseCommandLine(bytes).slice(1);
  return args.length === wanted.length && wanted.every((one, index) => one === '*' || one === args[index]);
}

function describeException({ executable, arguments: args }: ChildException): string {
  return [executable, ...(args ?? ['(any arguments)'])].join(' ');
}

interface Sieve {
  readonly find: FindException;
  /** Children that did not count at the last look. */
  uncounted: ReadonlySet<number>;
}

/** Leaves out of a family what a metric excepts, and says what that was. */
export function createSieve(
  proc: ProcReader,
  ownPid: number,
): (definition: MetricDefinition, sample: FamilySample, now: number) => FamilySample {
  const sieves = new Map<MetricDefinition, Sieve>();
  return (definition, sample, now) => {
    if (!('except' in definition) || !definition.except) return sample;
    const sieve = sieves.get(definition) ?? {
      find: createExceptions(proc, definition.except, ownPid),
      uncounted: new Set(),
    };
    sieves.set(definition, sieve);
    const { family, traces } = sample;
    const excepted = new Set<string>();
    const uncounted = new Set<number>();
    const children: typeof family.children = new Map();
    for (const [pid, child] of family.children) {
      const exception = sieve.find(pid, now);
      if (exception) excepted.add(describeException(exception));
      if (exception || isJustForked(proc, family, pid)) uncounted.add(pid);
      else children.set(pid, child);
    }
    // It was an exception, or not yet anything, and is none now: that is somebody new.
    const late = [...sieve.uncounted].filter((pid) => children.has(pid)).map((pid) => readStat(proc, pid));
    const fresh = sample.fresh.filter(({ pid }) => children.has(pid) && !sieve.uncounted.has(pid));
    sieve.uncounted = uncounted;
    return {
      ...sample,
      family: { ...family, children },
      fresh: [...fresh, ...late.flatMap((stat) => (typeof stat === 'string' ? [] : [stat]))],
      // Whether it was one of the excepted, nobody can say any more.
      traces: [],
      excepted: [...excepted],
      caveats: traces.length > 0 ? [...sample.caveats, tooShort(definition.metric)] : sample.caveats,
    };
  };
}

function tooShort(metric: string): Caveat {
  return {
    reason: 'exceptions',
    note: `${metric}: children ended before they could be told from its exceptions; they do not count`,
  };
}

/** Between its fork and its exec a child is its parent's program, and not yet what it is to be. */
function isJustForked(
  proc: ProcReader,
  { instances, children }: FamilySample['family'],
  pid: number,
): boolean {
  const child = children.get(pid);
  if (!child || child.age > 1 || child.comm !== instances.get(child.ppid)?.comm) return false;
  return programOf(proc, pid) === programOf(proc, child.ppid);
}
