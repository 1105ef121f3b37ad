import {
  CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeThingGroupCommand,
  GetPolicyCommand,
  IoTClient,
  ListAttachedPoliciesCommand,
  ListThingsInThingGroupCommand,
} from '@aws-sdk/client-iot';
import type { Configuration } from '../../shared/domain/configuration';
import { printable } from '../../shared/domain/messages/announcement';
import { orNothing } from '../../shared/errors';
import { type GroupReader, judgeAdoption } from '../../shared/mitigation/adoption';
import { describeOwn, isNoStack, keepMade, type OwnResource } from '../../shared/mitigation/own-resource';
import type { Settings } from '../target';

/** What a deploy would ask of a group that it is to adopt. */
export function openGroups(
  { thingGroup }: Configuration['quarantine'],
  stackName: string,
  settings: Settings,
) {
  const iot = new IoTClient(settings);
  return connectGroups(thingGroup, stackName, iot, new CloudFormationClient(settings));
}

function connectGroups(
  thingGroup: string,
  stackName: string,
  iot: IoTClient,
  cloudFormation: CloudFormationClient,
): GroupReader {
  const describe = (thingGroupName: string) =>
    orNothing(() => iot.send(new DescribeThingGroupCommand({ thingGroupName })));
  return {
    readArnPrefix: async () => {
      const { thingGroupArn = '' } = (await describe(thingGroup)) ?? {};
      return thingGroupArn.split(':').slice(0, 5).join(':');
    },
    async readGroup(name) {
      const found = await describe(name);
      const parents = found?.thingGroupMetadata?.rootToParentThingGroups ?? [];
      return (
        found && {
          isDynamic: found.queryString !== undefined,
          parents: parents.map(({ groupName = '', groupArn = '' }) => ({ name: groupName, arn: groupArn })),
        }
      );
    },
    // Only a deploy can distinguish it from a group that is not there.
    isBillingGroup: async () => false,
    // A target has at most ten policies, so one page has all of them.
    async listPolicies(target) {
      const { policies = [] } = await iot.send(new ListAttachedPoliciesCommand({ target }));
      return policies.flatMap(({ policyName }) => policyName ?? []);
    },
    readPolicy: async (policyName) =>
      (await orNothing(() => iot.send(new GetPolicyCommand({ policyName }))))?.policyDocument,
    async hasMembers(thingGroupName) {
      const { things = [] } = await iot.send(
        new ListThingsInThingGroupCommand({ thingGroupName, maxResults: 1 }),
      );
      return things.length > 0;
    },
    listOwn: () => listOwn(cloudFormation, stackName),
  };
}

/** Nothing before the first deploy. */
async function listOwn(client: CloudFormationClient, StackName: string): Promise<OwnResource[]> {
  const listed: StackResourceSummary[] = [];
  try {
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      listed.push(...keepMade(StackResourceSummaries));
  } catch (error) {
    if (!isNoStack(error)) throw error;
  }
  if (listed.length === 0) return [];
  const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName }));
  return describeOwn(listed, TemplateBody);
}

/** Whether a deploy would take the adopted group, and what it would say of it; nothing if none is adopted. */
export async function explainGroup(
  quarantine: Configuration['quarantine'],
  stackName: string,
  reader: GroupReader,
): Promise<{ readonly lines: readonly string[]; readonly isWell: boolean }> {
  if (!quarantine.adopt) return { lines: [], isWell: true };
  const { refusals, notices } = await judgeAdoption(quarantine, stackName, reader);
  const isWell = refusals.length === 0;
  return {
    isWell,
    lines: [
      `Quarantine group ${quarantine.thingGroup}: ${isWell ? 'a deploy adopts it' : 'a deploy refuses it'}`,
      ...[...refusals, ...notices].flatMap((text) => text.split('\n').map((line) => `  ${line}`)),
    ].map(printable),
  };
}
