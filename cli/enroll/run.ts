import { join } from 'node:path';
import { UsageError } from '../cli-error';
import { writeJson } from '../json';
import { readConfiguration } from '../read-configuration';
import { requireStage, type Target } from '../target';
import type { PolicyScope } from './device-policy';
import { type EnrollOptions, enroll } from './enroll';
import { enrollMany, readList } from './enroll-many';
import { openRegistry } from './open';
import { writeProvisioningStack } from './provisioning';
import { readRoots } from './read-roots';
import { type RetireOptions, retire } from './retire';

export interface EnrollFlags {
  readonly list?: string;
  readonly template: boolean;
  readonly out?: string;
  readonly csr?: string;
  readonly rotate: boolean;
  readonly policy: PolicyScope;
  readonly policyName?: string;
  readonly topic: readonly string[];
  readonly rootCa?: string;
  readonly config?: string;
  readonly detector?: string;
}

export function writeTemplate(stage: string, { topic, ...flags }: EnrollFlags): string {
  const { detector } = readConfiguration(flags);
  return writeJson(writeProvisioningStack(requireStage(stage), detector, topic));
}

export async function runRetire(thing: string, options: RetireOptions, target: Target): Promise<string> {
  return retire(thing, { files: join('things', thing), ...options }, open(target));
}

function open({ stage, isLocal, cases, settings }: Target) {
  return { stage, isLocal, cases, registry: openRegistry(settings) };
}

export async function runEnroll(thing: string | undefined, flags: EnrollFlags, target: Target) {
  const { list, csr, policy, policyName, topic, rotate, out } = flags;
  const configuration = readConfiguration(flags);
  const rootCa = readRoots(flags.rootCa ?? target.ca);
  const options = { rotate, scope: policy, topics: topic, rootCa, ...(policyName && { policyName }) };
  const ports = open(target);
  const enrollOne = (name: string, more: Pick<EnrollOptions, 'folder' | 'csr'>) =>
    enroll(name, { ...options, ...more }, configuration, ports);
  if ((thing === undefined) === (list === undefined))
    throw new UsageError('give either a THING or --list FILE');
  if (thing !== undefined) {
    const folder = out ?? join('things', thing);
    return { text: await enrollOne(thing, { folder, ...(csr && { csr }) }), exitCode: 0 };
  }
  if (csr) throw new UsageError('--csr is for one device: leave out --list');
  if (policyName && policy === 'thing')
    throw new UsageError('--policy-name is for one policy: leave out --policy thing');
  return await enrollMany(readList(list ?? ''), (name) =>
    enrollOne(name, { folder: join(out ?? 'things', name) }),
  );
}
