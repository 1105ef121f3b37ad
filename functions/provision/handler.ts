import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import * as z from 'zod/mini';
import { clip } from '../../shared/domain/names';
import type { Log } from '../../shared/ports';

export interface ProvisionPorts {
  readonly group: {
    attach(policyName: string, groupArn: string): Promise<void>;
    detach(policyName: string, groupArn: string): Promise<void>;
    findMember(groupArn: string): Promise<string | undefined>;
  };
  readonly answer: (url: string, body: CloudFormationCustomResourceResponse) => Promise<void>;
  readonly log: Log;
}

const properties = z.object({
  PolicyName: z.string().check(z.minLength(1)),
  ThingGroupArn: z.string().check(z.regex(/^arn:[^:]+:iot:[^:]+:\d{12}:thinggroup\/[a-zA-Z0-9:_-]{1,128}$/)),
});

type Properties = z.output<typeof properties>;

/** Custom resource: keeps the deny policy on the quarantine group. Always answers, or the stack would hang an hour. */
export function provision({ group, answer, log }: ProvisionPorts) {
  return async (event: CloudFormationCustomResourceEvent): Promise<void> => {
    const identity = {
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
    };
    let result: Result;
    try {
      const PhysicalResourceId = await apply(event, group);
      log.info('quarantine policy provisioned', { requestType: event.RequestType, PhysicalResourceId });
      result = { Status: 'SUCCESS', PhysicalResourceId };
    } catch (error) {
      log.error('quarantine policy not provisioned', { error });
      // CloudFormation takes an answer of at most 4,096 bytes.
      const Reason = clip(error instanceof Error ? error.message : 'unknown fault', 1_000);
      const PhysicalResourceId = 'PhysicalResourceId' in event ? event.PhysicalResourceId : event.RequestId;
      result = { Status: 'FAILED', Reason, PhysicalResourceId };
    }
    // An answer that was lost is thrown: Lambda tries the whole event again, and a done one is never told as failed.
    await answer(event.ResponseURL, { ...result, ...identity });
  };
}

type Result =
  | { readonly Status: 'SUCCESS'; readonly PhysicalResourceId: string }
  | { readonly Status: 'FAILED'; readonly Reason: string; readonly PhysicalResourceId: string };

/** Returns the id of the resource. Group and policy make it: a change of either replaces it, the old one deleted last. */
async function apply(
  event: CloudFormationCustomResourceEvent,
  group: ProvisionPorts['group'],
): Promise<string> {
  const read = properties.safeParse(event.ResourceProperties);
  if (event.RequestType === 'Delete') {
    // What could not be created has nothing to take away; to refuse would leave the stack stuck in its rollback.
    if (read.success) await detach(read.data, group);
    return event.PhysicalResourceId;
  }
  if (!read.success) throw new Error(`wrong properties: ${read.error.issues[0]?.path.map(String).join('.')}`);
  const { PolicyName, ThingGroupArn } = read.data;
  await group.attach(PolicyName, ThingGroupArn);
  return `${ThingGroupArn}/${PolicyName}`;
}

async function detach(
  { PolicyName, ThingGroupArn }: Properties,
  group: ProvisionPorts['group'],
): Promise<void> {
  const member = await group.findMember(ThingGroupArn);
  // Taking the policy away would silently release it.
  if (member) throw new Error(`${member} is still in the quarantine group; release it before deleting`);
  await group.detach(PolicyName, ThingGroupArn);
}
