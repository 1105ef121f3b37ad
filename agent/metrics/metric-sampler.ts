import { collects, labelOf, type MetricDefinition, type ProcessSelector } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import { createChildSampler, type FamilySample } from '../processes/child-sampler';
import { collectEvidence, collectTrace, mostEvidence } from '../processes/evidence';
import type { MetricSample, Seen, Sight } from '../processes/metric-sample';
import { createSieve } from '../processes/sieve';
import { createExecRunner, type ExecOutcome } from './exec-metric';
import { createLook, type Look, nothing } from './metric-look';

export interface MetricSampler {
  /** Whether there are processes to watch, for which the agent samples several times a second. */
  readonly isWatching: boolean;
  /** `now` need not be the time of day, but must rise evenly. A metric that is looked at less often may be left out. */
  sample(now: number): readonly MetricSample[];
  /** Resolves when each program that a metric runs has ended. */
  settled(): Promise<void>;
  /** How the processes are found. */
  sight(): Sight;
  /** The files of the machine that the last looks could not read: file to reason. */
  problems(): Readonly<Record<string, string>>;
  /** Milliseconds of a processor that other programs used for the looks; those of the metrics are not counted. */
  helpersMs(): number;
  stop(): void;
}

interface SamplerOptions {
  readonly users: (id: number) => string;
  /** Epoch milliseconds, for the start times of evidence. */
  readonly wallClock: () => number;
  readonly ownPid: number;
}

interface Watched {
  readonly definition: MetricDefinition;
  /** The index of its family among the selected ones. */
  readonly index: number;
  readonly look: Look;
  /** Its samples carry the evidence: the first that counts the children of its family. */
  readonly isWitness: boolean;
}

/** Load and connections cost more to read, so they are read once a second. */
const slowEveryMs = 1000;

/** Samples the custom metrics. */
export function createMetricSampler(
  proc: ProcReader,
  definitions: readonly MetricDefinition[],
  options: SamplerOptions,
): MetricSampler {
  const selectors = distinctSelectors(definitions);
  const children = createChildSampler(proc, selectors, options.ownPid);
  const programs = createExecRunner(
    definitions.flatMap((definition) => (definition.collect === 'exec' ? [definition] : [])),
  );
  const watched = watchAll(proc, definitions, selectors);
  const sift = createSieve(proc, options.ownPid);
  let slowAt = Number.NEGATIVE_INFINITY;

  return {
    isWatching: selectors.length > 0,
    sample: (now) => {
      const families = selectors.length > 0 ? children.sample(now) : [];
      const outcomes = programs.look(now);
      const isSlow = now - slowAt >= slowEveryMs;
      if (isSlow) slowAt = now;
      return watched
        .filter(({ definition }) => isSlow || isFast(definition))
        .map((one): MetricSample => {
          const { definition, index, look, isWitness } = one;
          const whole = families[index];
          const family = whole && sift(definition, whole, now);
          const { metric } = definition;
          if (definition.collect === 'exec')
            return { metric, ...seenOf(outcomes.get(metric)), evidence: [], traces: [] };
          const process = family && { label: labelOf(selectors[index] ?? { name: '' }), state: family.state };
          const pieces = isWitness && family ? gather(proc, metric, family, options) : none;
          const caveats = isWitness && family && family.caveats.length > 0 ? family.caveats : undefined;
          return {
            metric,
            ...(process && { process }),
            ...(caveats && { caveats }),
            ...(family?.excepted && family.excepted.length > 0 && { excepted: family.excepted }),
            ...look(family, now),
            ...pieces,
          };
        });
    },
    settled: () => programs.settled(),
    sight: () =>
      selectors.length > 0 ? children.sight() : { mode: 'none', announcesPids: true, isHidden: false },
    problems: () => describeProblems(proc),
    helpersMs: () => children.helpersMs(),
    stop: () => {
      programs.stop();
      proc.close();
    },
  };
}

const none = { evidence: [], traces: [] };

function isFast({ collect }: MetricDefinition): boolean {
  return collects[collect].isFast;
}

function gather(
  proc: ProcReader,
  metric: string,
  { fresh, traces }: FamilySample,
  { users, wallClock, ownPid }: SamplerOptions,
): Pick<MetricSample, 'evidence' | 'traces'> {
  if (fresh.length === 0 && traces.length === 0) return none;
  return {
    evidence: fresh
      .slice(0, mostEvidence)
      .map((stat) => collectEvidence(proc, metric, stat, users, wallClock(), ownPid)),
    traces: traces
      .slice(0, mostEvidence)
      .map((trace) => collectTrace(proc, metric, trace, users, wallClock())),
  };
}

function watchAll(
  proc: ProcReader,
  definitions: readonly MetricDefinition[],
  selectors: readonly ProcessSelector[],
): readonly Watched[] {
  const keys = selectors.map((selector) => JSON.stringify(selector));
  const witnessed = new Set<string>();
  return definitions.map((definition) => {
    const selector = 'of' in definition ? definition.of : undefined;
    const index = selector ? keys.indexOf(JSON.stringify(selector)) : -1;
    const counts = definition.collect === 'children' || definition.collect === 'child-names';
    const family = `${index} ${JSON.stringify('except' in definition ? definition.except : undefined)}`;
    const isWitness = counts && !witnessed.has(family);
    if (isWitness) witnessed.add(family);
    return { definition, index, look: createLook(proc, definition), isWitness };
  });
}

/** The most that are logged at once: a program can make thousands of processes that can't be read. */
const mostProblems = 10;

function isOfEnded(proc: ProcReader, path: string): boolean {
  const pid = /^\d+(?=\/)/.exec(path)?.[0];
  return pid !== undefined && proc.read(`${pid}/stat`) === 'gone';
}

function describeProblems(proc: ProcReader): Readonly<Record<string, string>> {
  // The next scan removes it, which can be a minute later.
  const problems = [...proc.problems()].filter(([path]) => !isOfEnded(proc, path));
  const told = problems
    .slice(0, mostProblems)
    .map(([path, code]) => [path.startsWith('/') ? path : `/proc/${path}`, code] as const);
  const more = problems.length - told.length;
  return Object.fromEntries(more > 0 ? [...told, ['/proc', `${more} more cannot be read`]] : told);
}

function seenOf(outcome: ExecOutcome | undefined): { seen: Seen; failure?: string } {
  if (outcome === undefined) return { seen: nothing };
  if ('failure' in outcome) return { seen: nothing, failure: outcome.failure };
  return { seen: { kind: 'latest', value: outcome.value } };
}

function distinctSelectors(definitions: readonly MetricDefinition[]): readonly ProcessSelector[] {
  const selectors = definitions.flatMap((definition) =>
    'of' in definition && definition.of !== undefined ? [definition.of] : [],
  );
  return [...new Map(selectors.map((selector) => [JSON.stringify(selector), selector])).values()];
}
