import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { orNothing } from '../../shared/errors';
import type { Policies } from '../../shared/ports/aws';
import type { Log } from '../../shared/ports/runtime';
import { groupArn, policyName, writeWayOut } from './properties';

export interface RemovalPorts {
  readonly policies: Pick<Policies, 'listTargets' | 'detach' | 'listVersions' | 'deleteVersion'>;
  readonly group: {
    /** True once the policy no longer exists; false while AWS IoT reports it as in use. */
    deletePolicy(policyName: string): Promise<boolean>;
  };
  readonly readLetGo: () => Promise<string | undefined>;
  readonly letGoParameter: string;
  readonly clock: () => number;
  readonly wait: (ms: number) => Promise<void>;
  readonly log: Log;
}

const properties = z.object({ PolicyName: policyName, ThingGroupArn: groupArn });
type Properties = z.output<typeof properties>;

/** Leaves time to respond within the function's timeout of 15 minutes. */
const patienceMs = 13 * 60_000;
/** AWS: "it can take up to five minutes after a policy is detached before it's ready to be deleted". */
const betweenTriesMs = 5_000;
/** The list of targets is eventually consistent, and the policy was detached from the group just before. */
const groupLeavesMs = 30_000;

/**
 * Deletes the deny policy with the stack. CloudFormation can't do this alone: it detaches the policy from nothing, and does
 * not wait until AWS IoT can delete it.
 */
export async function removePolicy(
  event: CloudFormationCustomResourceEvent,
  ports: RemovalPorts,
): Promise<string> {
  const read = properties.safeParse(event.ResourceProperties);
  if (event.RequestType === 'Delete') {
    // A resource that was never created needs no removal. An error here would leave the stack stuck in its rollback.
    if (read.success) await remove(read.data, event.StackId, ports);
    return event.PhysicalResourceId;
  }
  if (!read.success) throw new Error(`wrong properties: ${read.error.issues[0]?.path.map(String).join('.')}`);
  return read.data.PolicyName;
}

async function remove(given: Properties, stackId: string, ports: RemovalPorts): Promise<void> {
  const { PolicyName } = given;
  const { log, clock, wait, group } = ports;
  const endAt = clock() + patienceMs;
  const targets = await listOthers(given, ports);
  if (targets.length > 0) {
    if ((await ports.readLetGo()) !== stackId)
      throw new Error(
        `${PolicyName} is still on ${nameTargets(targets)}; ${writeWayOut(stackId, ports.letGoParameter)}`,
      );
    log.warn('detaching the deny policy', { targets });
  }
  for (let left = targets; ; left = await listOthers(given, ports)) {
    for (const [index, target] of left.entries()) {
      if (clock() >= endAt)
        throw new Error(
          `${PolicyName} is still on ${left.length - index} targets: delete the stack again to continue`,
        );
      await ignoreMissing(ports.policies.detach(PolicyName, target));
    }
    await deleteOldVersions(PolicyName, ports);
    if (await group.deletePolicy(PolicyName)) return;
    if (clock() >= endAt)
      throw new Error(
        `AWS IoT says that ${PolicyName} is still in use: delete the stack again in some minutes`,
      );
    await wait(betweenTriesMs);
  }
}

/**
 * The policy's targets besides its own group. If the group still has the policy, the stack continues to exist: an update
 * that created this resource is being rolled back, and the policy must stay.
 */
async function listOthers({ PolicyName, ThingGroupArn }: Properties, ports: RemovalPorts): Promise<string[]> {
  const { policies, clock, wait } = ports;
  const groupEndAt = clock() + groupLeavesMs;
  for (;;) {
    const targets = (await ignoreMissing(policies.listTargets(PolicyName))) ?? [];
    if (!targets.includes(ThingGroupArn)) return targets;
    if (clock() >= groupEndAt) throw new Error(`${PolicyName} is on its group, so the stack keeps it`);
    await wait(betweenTriesMs);
  }
}

/** A policy with other versions than the default can't be deleted. */
async function deleteOldVersions(PolicyName: string, { policies }: RemovalPorts): Promise<void> {
  const versions = (await ignoreMissing(policies.listVersions(PolicyName))) ?? [];
  for (const { versionId, isDefault } of versions)
    if (!isDefault) await ignoreMissing(policies.deleteVersion(PolicyName, versionId));
}

async function ignoreMissing<T>(done: Promise<T>): Promise<T | undefined> {
  return orNothing(async () => {
    return await done;
  });
}

const named = 3;

/** `certificate 0123456789ab… and 4 others`. */
export function nameTargets(targets: readonly string[]): string {
  const names = targets.slice(0, named).map((target) => {
    const [, kind = '', name = ''] = /:(cert|thinggroup)\/(.+)$/.exec(target) ?? [];
    if (kind === 'cert') return `certificate ${name}`;
    return kind === 'thinggroup' ? `thing group ${name}` : target;
  });
  const more = targets.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} others` : ''}`;
}
