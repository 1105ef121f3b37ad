import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import type { CaseStatus } from '../../shared/domain/case/status';
import { isNotFound } from '../../shared/errors';
import type { Policies } from '../../shared/ports/aws';
import type { Log } from '../../shared/ports/runtime';
import { groupArn, isPolicyAdopted, policyName, writeWayOut } from './properties';
import { nameTargets } from './removal';

export interface DeletionPorts {
  readonly group: {
    findMember(groupArn: string): Promise<string | undefined>;
    listMembers(thingGroupName: string): AsyncIterable<string>;
  };
  readonly policies: Pick<Policies, 'listTargets'>;
  /**
   * The id of the stack that may abandon its containments when it is deleted, as an administrator stored it. It is not a
   * parameter of the stack, which can't be updated after a refused deletion. It is not a plain yes, which would also apply to
   * the next stack.
   */
  readonly readLetGo: () => Promise<string | undefined>;
  /** Name of the parameter that has the id. */
  readonly letGoParameter: string;
  readonly listByStatus: (status: CaseStatus, limit: number) => Promise<readonly { thingName: string }[]>;
  readonly log: Log;
}

/** Stacks of earlier versions have no policy name. */
const properties = z.object({
  ThingGroupArn: groupArn,
  PolicyName: z.optional(policyName),
  IsPolicyAdopted: isPolicyAdopted,
});
type Properties = z.output<typeof properties>;

/** Statuses in which Cordon may have changed something of a thing. */
const holding: readonly CaseStatus[] = [
  'containing',
  'contained',
  'containment-failed',
  'releasing',
  'release-conflict',
];
/** Names in a reason; `cordon list` has the others. */
const named = 5;
/** Names in one line of the log. */
const logged = 100;

/**
 * CloudFormation deletes this resource first, because it depends on every other resource. So a refusal leaves the whole
 * stack as it was, able to release.
 */
export async function guardDeletion(
  event: CloudFormationCustomResourceEvent,
  ports: DeletionPorts,
): Promise<string> {
  if (event.RequestType === 'Create') return event.LogicalResourceId;
  if (event.RequestType === 'Delete') await refuseWhileContained(event, ports);
  else await refuseToMove(event.OldResourceProperties, event.ResourceProperties, ports);
  return event.PhysicalResourceId;
}

/**
 * After a rename of the quarantine group, respond's role covers only the new group, so things in the old one could not
 * be released. If the stack no longer uses its own policy, the policy is deleted even if it denies a certificate. This
 * checks only the group and policy that the update abandons, so it does not refuse the rollback of a refused update.
 */
async function refuseToMove(before: unknown, after: unknown, ports: DeletionPorts): Promise<void> {
  const old = properties.safeParse(before);
  if (!old.success) return;
  const { ThingGroupArn, PolicyName } = properties.parse(after);
  const { data } = old;
  const member = data.ThingGroupArn === ThingGroupArn ? undefined : await findHeldMember(data, ports);
  if (member) {
    const name = data.ThingGroupArn.split('/').at(-1);
    throw new Error(
      `${member} is still in the group ${name}; release it before quarantine.thingGroup changes`,
    );
  }
  const targets = data.PolicyName === PolicyName ? [] : await listOtherTargets(data, ports);
  if (targets.length > 0)
    throw new Error(
      `${data.PolicyName} still denies ${nameTargets(targets)}; release what they hold before quarantine.policy changes`,
    );
}

/** An adopted policy continues to deny things that somebody added to the group by hand. */
async function findHeldMember(old: Properties, ports: DeletionPorts): Promise<string | undefined> {
  return old.IsPolicyAdopted ? nameHeldThings([], ports) : ports.group.findMember(old.ThingGroupArn);
}

async function refuseWhileContained(
  { StackId, ResourceProperties }: CloudFormationCustomResourceEvent,
  ports: DeletionPorts,
): Promise<void> {
  const given = properties.parse(ResourceProperties);
  const held = await nameSomeHeld(given, ports);
  if (held === undefined) return;
  if ((await ports.readLetGo()) !== StackId)
    throw new Error(`still contained: ${held}; ${writeWayOut(StackId, ports.letGoParameter)}`);
  await logAllHeld(given, ports);
}

/** Some of the contained things or certificates; undefined if there are none. */
async function nameSomeHeld(given: Properties, ports: DeletionPorts): Promise<string | undefined> {
  // The deny policy also binds a thing that somebody added to the group by hand. An adopted policy still does without the stack.
  const member = given.IsPolicyAdopted ? undefined : await ports.group.findMember(given.ThingGroupArn);
  const things = await nameHeldThings(member ? [member] : [], ports);
  if (things !== undefined || given.IsPolicyAdopted) return things;
  const targets = await listOtherTargets(given, ports);
  return targets.length > 0 ? nameTargets(targets) : undefined;
}

/** Some of the things with a case that holds them, and of others. */
async function nameHeldThings(
  others: readonly string[],
  { listByStatus }: DeletionPorts,
): Promise<string | undefined> {
  const cases = await Promise.all(holding.map((status) => listByStatus(status, named + 1)));
  const things = unique([...cases.flat().map(({ thingName }) => thingName), ...others]);
  if (things.length === 0) return undefined;
  return `${things.slice(0, named).join(', ')}${things.length > named ? ' and others' : ''}`;
}

/** Certificates and other groups that have the deny policy, from a case or by hand. */
async function listOtherTargets(
  { PolicyName, ThingGroupArn, IsPolicyAdopted }: Properties,
  { policies }: DeletionPorts,
) {
  if (PolicyName === undefined || IsPolicyAdopted) return [];
  try {
    return (await policies.listTargets(PolicyName)).filter((target) => target !== ThingGroupArn);
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

/** Logs everything that is abandoned. The log remains after the stack is deleted. */
async function logAllHeld(given: Properties, ports: DeletionPorts): Promise<void> {
  const { group, listByStatus, log } = ports;
  const cases = await Promise.all(holding.map((status) => listByStatus(status, Number.POSITIVE_INFINITY)));
  const members: string[] = [];
  if (!given.IsPolicyAdopted && (await group.findMember(given.ThingGroupArn)))
    for await (const member of group.listMembers(given.ThingGroupArn.split('/').at(-1) ?? ''))
      members.push(member);
  const things = unique([...cases.flat().map(({ thingName }) => thingName), ...members]);
  for (let from = 0; from < things.length; from += logged)
    log.warn('abandoned with the stack', { things: things.slice(from, from + logged) });
  const targets = await listOtherTargets(given, ports);
  for (let from = 0; from < targets.length; from += logged)
    log.warn('abandoned with the stack', { targets: targets.slice(from, from + logged) });
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
