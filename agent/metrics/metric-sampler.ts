import { createNameReader } from './child-names';
import { createChildSampler, type FamilySample } from './child-sampler';
import { labelOf, type MetricDefinition, type ProcessSelector } from './definition';
import { collectEvidence, collectTrace, mostEvidence } from './evidence';
import { createExecRunner, type ExecOutcome } from './exec-metric';
import type { MetricSample, Seen } from './metric-sample';
import type { ProcReader } from './proc-reader';
import { createUseReader, readMachineMemory, readMachineUse, readResidentBytes } from './process-load';
import { readRemoteAddresses } from './remote-addresses';

export interface MetricSampler {
  /** There are processes to watch, which is worth a look several times a second. */
  readonly isWatching: boolean;
  /** `now` need not be the time of day, but must go on evenly. A metric that is looked at less often may be left out. */
  sample(now: number): readonly MetricSample[];
  /** Resolves when each program that a metric runs has ended. */
  settled(): Promise<void>;
  stop(): void;
}

interface SamplerOptions {
  readonly users: (id: number) => string;
  /** Epoch milliseconds, for the start times of evidence. */
  readonly wallClock: () => number;
  readonly ownPid: number;
}

/** Looks at one metric; `family` is that of its processes. */
type Look = (family: FamilySample | undefined, now: number) => { seen: Seen; failure?: string };

interface Watched {
  readonly definition: MetricDefinition;
  /** Which of the selected families it is about. */
  readonly index: number;
  readonly look: Look;
  /** Its samples carry the evidence: the first that counts the children of its family. */
  readonly isWitness: boolean;
}

/** What load and connections cost to read is worth a look a second. */
const slowEveryMs = 1000;
const nothing: Seen = { kind: 'nothing' };

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
          const family = families[index];
          const { metric } = definition;
          if (definition.collect === 'exec')
            return { metric, ...seenOf(outcomes.get(metric)), evidence: [], traces: [] };
          const process = family && { label: labelOf(selectors[index] ?? { name: '' }), state: family.state };
          const pieces = isWitness && family ? gather(proc, metric, family, options) : none;
          return { metric, ...(process && { process }), ...look(family, now), ...pieces };
        });
    },
    settled: () => programs.settled(),
    stop: () => {
      programs.stop();
      proc.close();
    },
  };
}

const none = { evidence: [], traces: [] };

function isFast({ collect }: MetricDefinition): boolean {
  return collect === 'children' || collect === 'child-names' || collect === 'exec';
}

function gather(
  proc: ProcReader,
  metric: string,
  { fresh, traces }: FamilySample,
  { users, wallClock }: SamplerOptions,
): Pick<MetricSample, 'evidence' | 'traces'> {
  if (fresh.length === 0 && traces.length === 0) return none;
  return {
    evidence: fresh
      .slice(0, mostEvidence)
      .map((stat) => collectEvidence(proc, metric, stat, users, wallClock())),
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
  const witnessed = new Set<number>();
  return definitions.map((definition) => {
    const selector = 'of' in definition ? definition.of : undefined;
    const index = selector ? keys.indexOf(JSON.stringify(selector)) : -1;
    const counts = definition.collect === 'children' || definition.collect === 'child-names';
    const isWitness = counts && !witnessed.has(index);
    if (isWitness) witnessed.add(index);
    return { definition, index, look: createLook(proc, definition), isWitness };
  });
}

function createLook(proc: ProcReader, definition: MetricDefinition): Look {
  switch (definition.collect) {
    case 'children':
      return (sample) => ({ seen: sample ? { kind: 'count', level: countOf(sample) } : nothing });
    case 'child-names': {
      const read = createNameReader(proc);
      return (sample) => ({
        seen: sample
          ? { kind: 'set', type: 'string_list', members: read(sample.family, sample.traces) }
          : nothing,
      });
    }
    case 'remote-addresses':
      return (sample) => (sample ? lookAtAddresses(proc, sample) : { seen: nothing });
    case 'cpu-percent':
      return definition.of ? lookAtUse() : () => ({ seen: shareOf(readMachineUse(proc)) });
    case 'memory':
      return (sample) => {
        const level = sample ? readResidentBytes(proc, sample.family) : readMachineMemory(proc);
        return { seen: level === undefined ? nothing : { kind: 'gauge', level } };
      };
    case 'exec':
      return () => ({ seen: nothing });
  }
}

/** Descendants alive now, and at least one if any came and went since the last look. */
function countOf({ family, traces }: FamilySample): number {
  return Math.max(family.children.size, traces.length > 0 ? 1 : 0);
}

function lookAtAddresses(proc: ProcReader, { family }: FamilySample): { seen: Seen; failure?: string } {
  const members = readRemoteAddresses(proc, [
    ...new Set([...family.instances.keys(), ...family.children.keys()]),
  ]);
  if (members === 'denied') return { seen: nothing, failure: 'no permission to see its connections' };
  return { seen: { kind: 'set', type: 'ip_list', members } };
}

function lookAtUse(): Look {
  const read = createUseReader();
  return (sample, now) => ({ seen: sample ? shareOf(read(sample.family, now)) : nothing });
}

function shareOf(use: { used: number; of: number } | undefined): Seen {
  return use ? { kind: 'share', ...use } : nothing;
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
