import {
  CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
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
import { openGroupReader } from '../../shared/mitigation/group-reader';
import { listOwn } from '../../shared/mitigation/own-resource';
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
  const describeGroup = (thingGroupName: string) =>
    orNothing(() => iot.send(new DescribeThingGroupCommand({ thingGroupName })));
  return {
    ...openGroupReader({
      describeGroup,
      listPolicies: (target) => iot.send(new ListAttachedPoliciesCommand({ target })),
      getPolicy: (policyName) => orNothing(() => iot.send(new GetPolicyCommand({ policyName }))),
      listThings: (name) =>
        orNothing(() => iot.send(new ListThingsInThingGroupCommand({ thingGroupName: name, maxResults: 1 }))),
    }),
    readArnPrefix: async () => {
      const { thingGroupArn = '' } = (await describeGroup(thingGroup)) ?? {};
      return thingGroupArn.split(':').slice(0, 5).join(':');
    },
    // Only a deploy can distinguish it from a group that is not there.
    isBillingGroup: async () => false,
    listOwn: () =>
      listOwn(paginateListStackResources({ client: cloudFormation }, { StackName: stackName }), () =>
        cloudFormation.send(new GetTemplateCommand({ StackName: stackName })),
      ),
  };
}

/** Whether a deploy would accept the adopted group, and its messages about it; empty if no group is adopted. */
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
