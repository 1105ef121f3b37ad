import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import * as z from 'zod';
import type { AwsIdentity } from '../../../types';
import { flag, json, policyDocument, tagList, text, withoutEffect } from './properties';
import { defineResource, type ResourceContext, type ResourceType } from './resource-type';
import { mayTopicSendToQueue } from './who-may-send';

const protocols = ['sqs', 'email', 'email-json', 'lambda', 'https', 'http'] as const;

const topic = defineResource({
  properties: z.strictObject({
    TopicName: text.optional(),
    DisplayName: text.optional(),
    FifoTopic: flag.optional(),
    ContentBasedDeduplication: flag.optional(),
    KmsMasterKeyId: text.optional(),
    Subscription: z.array(z.strictObject({ Protocol: z.enum(protocols), Endpoint: text })).optional(),
    SignatureVersion: withoutEffect,
    TracingConfig: withoutEffect,
    DeliveryStatusLogging: withoutEffect,
    Tags: tagList,
  }),
  attributes: ['TopicArn', 'TopicName'],
  create: async (props, context) => {
    const { DisplayName, FifoTopic, ContentBasedDeduplication, KmsMasterKeyId } = props;
    const Name = props.TopicName ?? `${context.generateName()}${FifoTopic ? '.fifo' : ''}`;
    const Attributes = toAttributes({ DisplayName, FifoTopic, ContentBasedDeduplication, KmsMasterKeyId });
    const { TopicArn = '' } = await context.clients.sns.send(new CreateTopicCommand({ Name, Attributes }));
    for (const { Protocol, Endpoint } of props.Subscription ?? []) {
      await subscribe(TopicArn, Protocol, Endpoint, {}, context);
    }
    return { physicalId: TopicArn, attributes: { TopicArn, TopicName: Name } };
  },
});

const topicPolicy = defineResource({
  properties: z.strictObject({ Topics: z.array(text), PolicyDocument: policyDocument }),
  attributes: [],
  create: async ({ Topics, PolicyDocument }, { clients, generateName, records }) => {
    const AttributeValue = JSON.stringify(PolicyDocument);
    for (const TopicArn of Topics) {
      await clients.sns.send(
        new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }),
      );
      records.topicPolicies.push({ topicArn: TopicArn, document: PolicyDocument });
    }
    return { physicalId: generateName(), attributes: {} };
  },
});

const subscription = defineResource({
  properties: z.strictObject({
    TopicArn: text,
    Protocol: z.enum(protocols),
    Endpoint: text,
    FilterPolicy: json.optional(),
    FilterPolicyScope: z.enum(['MessageAttributes', 'MessageBody']).optional(),
    RawMessageDelivery: flag.optional(),
    RedrivePolicy: json.optional(),
    Region: text.optional(),
  }),
  attributes: ['Arn'],
  create: async ({ TopicArn, Protocol, Endpoint, Region, ...rest }, context) => {
    requireRegion(TopicArn, Region ?? context.identity.region, rest.RedrivePolicy);
    if (isElsewhere(TopicArn, context.identity))
      return followElsewhere(TopicArn, Protocol, Endpoint, context);
    const arn = await subscribe(TopicArn, Protocol, Endpoint, toAttributes(rest), context);
    return { physicalId: arn, attributes: { Arn: arn } };
  },
});

/** CloudFormation calls SNS in `Region`; the dead-letter queue of a subscription must be there too. */
function requireRegion(topicArn: string, region: string, redrive: unknown): void {
  const [, , , topicRegion] = topicArn.split(':');
  if (topicRegion !== region)
    throw new Error(`Invalid parameter: TopicArn: ${topicArn} is not in region ${region}; set Region`);
  const { deadLetterTargetArn = '' } = (redrive ?? {}) as { readonly deadLetterTargetArn?: string };
  const [, , , deadRegion] = deadLetterTargetArn.split(':');
  if (deadLetterTargetArn !== '' && deadRegion !== region)
    throw new Error(
      `Invalid parameter: RedrivePolicy: the dead-letter queue must be in region ${region}, as the subscription is`,
    );
}

function isElsewhere(topicArn: string, { accountId, region }: AwsIdentity): boolean {
  const [, , , topicRegion, owner] = topicArn.split(':');
  return topicRegion !== region || owner !== accountId;
}

/** A topic of another account or region: nobody publishes to it here, so only the queue's policy is verified. */
function followElsewhere(
  topicArn: string,
  protocol: string,
  endpoint: string,
  context: ResourceContext,
): { readonly physicalId: string; readonly attributes: { readonly Arn: string } } {
  const { log, logicalId } = context;
  log.warn('subscription is stored, but the local stack has no topics of other accounts and regions', {
    logicalId,
    topicArn,
  });
  if (protocol === 'sqs') verifyQueueLets(topicArn, endpoint, context);
  const arn = `${topicArn}:00000000-0000-4000-8000-000000000000`;
  return { physicalId: arn, attributes: { Arn: arn } };
}

function verifyQueueLets(
  topicArn: string,
  queueArn: string,
  { records, verifyLater }: ResourceContext,
): void {
  verifyLater(() =>
    mayTopicSendToQueue(records.queuePolicies, queueArn, topicArn)
      ? undefined
      : `no AWS::SQS::QueuePolicy lets sns.amazonaws.com send from ${topicArn} to ${queueArn}: AWS would drop every message`,
  );
}

async function subscribe(
  TopicArn: string,
  Protocol: (typeof protocols)[number],
  Endpoint: string,
  Attributes: Record<string, string>,
  context: ResourceContext,
): Promise<string> {
  const command = new SubscribeCommand({
    TopicArn,
    Protocol,
    Endpoint,
    Attributes,
    ReturnSubscriptionArn: true,
  });
  const { SubscriptionArn = '' } = await context.clients.sns.send(command);
  const { logicalId, log } = context;
  if (Protocol === 'sqs') {
    verifyQueueLets(TopicArn, Endpoint, context);
  } else if (Protocol !== 'email' && Protocol !== 'email-json') {
    log.warn(`subscription is stored, but the local stack delivers nothing to ${Protocol}`, {
      logicalId,
      Endpoint,
    });
  }
  return SubscriptionArn;
}

function toAttributes(values: Readonly<Record<string, unknown>>): Record<string, string> {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === 'object' ? JSON.stringify(value) : String(value)]),
  );
}

export const snsTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::SNS::Topic': topic,
  'AWS::SNS::TopicPolicy': topicPolicy,
  'AWS::SNS::Subscription': subscription,
};
