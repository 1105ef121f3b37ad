import { CreateTopicCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { Template } from './aws/cloudformation/template';
import type { IotRegistry } from './aws/iot/registry';
import type { AwsIdentity, LocalLog } from './types';

const denyEverything = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }],
};

interface Account {
  readonly registry: IotRegistry;
  readonly sns: SNSClient;
  readonly identity: AwsIdentity;
  readonly log: LocalLog;
}

/**
 * Creates what the stack expects in the account, because the local account begins empty: the thing groups of security
 * profiles, the topics of alerts, and the group and deny policy that the stack adopts.
 */
export async function createExisting(
  template: Template,
  { registry, sns, identity, log }: Account,
): Promise<void> {
  createTargets(template, registry, log);
  createAdopted(template, registry, log);
  await createTopics(template, identity, sns);
}

/** Creates the account's topics that the template names by ARN: it has no ARN of the stack's own topics. */
async function createTopics({ Resources }: Template, identity: AwsIdentity, sns: SNSClient): Promise<void> {
  const { partition, region, accountId } = identity;
  const start = `arn:${partition}:sns:${region}:${accountId}:`;
  const arns = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::SNS::Subscription')
    .flatMap(({ Properties }) => (typeof Properties?.TopicArn === 'string' ? [Properties.TopicArn] : []));
  for (const arn of arns.filter((one) => one.startsWith(start)))
    await sns.send(new CreateTopicCommand({ Name: arn.slice(start.length) }));
}

function createTargets({ Resources }: Template, registry: IotRegistry, log: LocalLog): void {
  const resources = Object.values(Resources);
  const ofStack = resources.map(
    ({ Type, Properties }) => Type === 'AWS::IoT::ThingGroup' && Properties?.ThingGroupName,
  );
  const profiles = resources.filter(({ Type }) => Type === 'AWS::IoT::SecurityProfile');
  const targets = JSON.stringify(profiles.map(({ Properties }) => Properties?.TargetArns));
  for (const [, name = ''] of targets.matchAll(/thinggroup\/([a-zA-Z0-9:_-]+)"/g)) {
    if (registry.state.groups.has(name) || ofStack.includes(name)) continue;
    registry.groups.create(name);
    log.warn('the thing group that a security profile applies to did not exist, and was created', { name });
  }
}

function createAdopted({ Resources }: Template, registry: IotRegistry, log: LocalLog): void {
  const resources = Object.values(Resources);
  const has = (type: string) => resources.some(({ Type }) => Type === type);
  const attachment = resources.find(({ Type }) => Type === 'Custom::QuarantineAttachment');
  if (!attachment) return;
  const [, name] = /thinggroup\/([a-zA-Z0-9:_-]+)"/.exec(JSON.stringify(attachment)) ?? [];
  if (name !== undefined && !has('AWS::IoT::ThingGroup') && !registry.state.groups.has(name)) {
    registry.groups.create(name);
    log.warn('the adopted quarantine group did not exist, and was created', { name });
  }
  const { PolicyName } = attachment.Properties ?? {};
  if (typeof PolicyName !== 'string' || has('AWS::IoT::Policy') || registry.state.policies.has(PolicyName))
    return;
  registry.policies.create(PolicyName, JSON.stringify(denyEverything));
  log.warn('the adopted deny policy did not exist, and was created: it denies everything', { PolicyName });
}
