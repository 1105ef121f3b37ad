import type { CloudFormationCustomResourceEvent } from 'aws-lambda';
import * as z from 'zod/mini';
import { groupArn, isPolicyAdopted, policyName, writeWayOut } from './properties';

export interface AttachmentPorts {
  readonly group: {
    attach(policyName: string, groupArn: string): Promise<void>;
    detach(policyName: string, groupArn: string): Promise<void>;
    findMember(groupArn: string): Promise<string | undefined>;
  };
  /** The deny policy, and the group that it denies, in the configuration that the function has. */
  readonly current: { readonly policyName: string; readonly thingGroup: string };
  /** The id of the stack that may abandon its containments when it is deleted, as an administrator stored it. */
  readonly readLetGo: () => Promise<string | undefined>;
  /** Name of the parameter that has the id. */
  readonly letGoParameter: string;
}

const properties = z.object({
  PolicyName: policyName,
  ThingGroupArn: groupArn,
  IsPolicyAdopted: isPolicyAdopted,
});

/**
 * Keeps the deny policy on the quarantine group. The resource's id has both names, so a change of either replaces the
 * resource; CloudFormation deletes the old one last.
 */
export async function keepAttached(
  event: CloudFormationCustomResourceEvent,
  ports: AttachmentPorts,
): Promise<string> {
  const read = properties.safeParse(event.ResourceProperties);
  if (event.RequestType === 'Delete') {
    // A resource that was never created needs no removal. An error here would leave the stack stuck in its rollback.
    if (read.success && !read.data.IsPolicyAdopted) await detach(read.data, event.StackId, ports);
    return event.PhysicalResourceId;
  }
  if (!read.success) throw new Error(`wrong properties: ${read.error.issues[0]?.path.map(String).join('.')}`);
  const { PolicyName, ThingGroupArn } = read.data;
  await ports.group.attach(PolicyName, ThingGroupArn);
  return `${ThingGroupArn}/${PolicyName}`;
}

async function detach(
  { PolicyName, ThingGroupArn }: z.output<typeof properties>,
  stackId: string,
  { group, current, readLetGo, letGoParameter }: AttachmentPorts,
): Promise<void> {
  // An update attaches the new policy to the group before it detaches the old one.
  const isReplaced =
    ThingGroupArn.endsWith(`:thinggroup/${current.thingGroup}`) && PolicyName !== current.policyName;
  const member = isReplaced ? undefined : await group.findMember(ThingGroupArn);
  // Detaching the policy would silently release a thing that was added to the group after the deletion guard had
  // checked it.
  if (member && (await readLetGo()) !== stackId)
    throw new Error(`${member} is still in the quarantine group; ${writeWayOut(stackId, letGoParameter)}`);
  await group.detach(PolicyName, ThingGroupArn);
}
