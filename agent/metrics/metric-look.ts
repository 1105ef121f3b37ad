import type { MetricDefinition } from '../config/metric-definition';
import type { ProcReader } from '../proc/proc-reader';
import { createNameReader } from '../processes/child-names';
import type { FamilySample } from '../processes/child-sampler';
import type { Seen } from '../processes/metric-sample';
import {
  createUseReader,
  readMachineMemory,
  readMachineUse,
  readResidentBytes,
} from '../processes/process-load';
import { readRemoteAddresses } from './remote-addresses';

/** Looks at one metric; `family` is that of its processes. */
export type Look = (family: FamilySample | undefined, now: number) => { seen: Seen; failure?: string };

export const nothing: Seen = { kind: 'nothing' };

/** Returns how a metric is sampled; it may remember the previous sample. */
export function createLook(proc: ProcReader, definition: MetricDefinition): Look {
  switch (definition.collect) {
    case 'children':
      return (sample) => {
        if (!sample) return { seen: nothing };
        const level = countOf(sample);
        return withDoubt(sample, { kind: 'count', level }, level > 0);
      };
    case 'child-names': {
      const read = createNameReader(proc);
      return (sample) => {
        if (!sample) return { seen: nothing };
        const members = read(sample.family, sample.traces);
        return withDoubt(sample, { kind: 'set', type: 'string_list', members }, members.length > 0);
      };
    }
    case 'remote-addresses':
      return (sample) => (sample ? lookAtAddresses(proc, sample) : { seen: nothing });
    case 'cpu-percent':
      return definition.of ? lookAtUse() : () => withReason(shareOf(readMachineUse(proc)), '/proc/stat');
    case 'memory':
      return (sample) => {
        if (sample?.unseen !== undefined) return { seen: nothing, failure: sample.unseen };
        const level = sample ? readResidentBytes(proc, sample.family) : readMachineMemory(proc);
        const seen: Seen = level === undefined ? nothing : { kind: 'gauge', level };
        return withReason(seen, sample ? 'the status of a process' : '/proc/meminfo');
      };
    case 'exec':
      return () => ({ seen: nothing });
  }
}

/** Descendants alive now, and at least one if any came and went since the last look. */
function countOf({ family, traces }: FamilySample): number {
  return Math.max(family.children.size, traces.length > 0 ? 1 : 0);
}

/** A positive value counts even if the view is incomplete; zero or an empty list then proves nothing. */
function withDoubt({ unseen }: FamilySample, seen: Seen, isSomething: boolean): ReturnType<Look> {
  if (unseen === undefined) return { seen };
  return { seen: isSomething ? seen : nothing, failure: unseen };
}

function withReason(seen: Seen, what: string): ReturnType<Look> {
  return seen.kind === 'nothing' ? { seen, failure: `${what} cannot be read` } : { seen };
}

function lookAtAddresses(proc: ProcReader, sample: FamilySample): ReturnType<Look> {
  const { family } = sample;
  const found = readRemoteAddresses(proc, [
    ...new Set([...family.instances.keys(), ...family.children.keys()]),
  ]);
  if ('failure' in found) {
    const failure =
      found.failure === 'denied' ? 'no permission to see its connections' : 'its connections cannot be read';
    return { seen: nothing, failure };
  }
  const { addresses } = found;
  return withDoubt(sample, { kind: 'set', type: 'ip_list', members: addresses }, addresses.length > 0);
}

function lookAtUse(): Look {
  const read = createUseReader();
  return (sample, now) => {
    if (!sample) return { seen: nothing };
    const seen = shareOf(read(sample.family, now));
    return sample.unseen === undefined ? { seen } : { seen: nothing, failure: sample.unseen };
  };
}

function shareOf(use: { used: number; of: number } | undefined): Seen {
  return use ? { kind: 'share', ...use } : nothing;
}
