import type { CloudFormationCustomResourceEvent, CloudFormationCustomResourceResponse } from 'aws-lambda';
import * as z from 'zod/mini';
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
    try {
      const wanted = properties.parse(event.ResourceProperties);
      // Group and policy name make the identity: a change of either replaces the resource, old one deleted last.
      const PhysicalResourceId = `${wanted.ThingGroupArn}/${wanted.PolicyName}`;
      if (event.RequestType === 'Delete') await detach(wanted, group);
      else await group.attach(wanted.PolicyName, wanted.ThingGroupArn);
      log.info('quarantine policy provisioned', { requestType: event.RequestType, ...wanted });
      await answer(event.ResponseURL, { Status: 'SUCCESS', PhysicalResourceId, ...identity });
    } catch (error) {
      log.error('quarantine policy not provisioned', { error });
      const Reason = error instanceof Error ? error.message : 'unknown fault';
      const PhysicalResourceId = 'PhysicalResourceId' in event ? event.PhysicalResourceId : event.RequestId;
      await answer(event.ResponseURL, { Status: 'FAILED', Reason, PhysicalResourceId, ...identity });
    }
  };
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
