import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { flag, json, policyDocument, tagList, text, withoutEffect } from './properties';
import { mayTopicSendToQueue } from './queue-policy';
import { defineResource, type ResourceContext, type ResourceType } from './resource-type';

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
  create: async ({ Topics, PolicyDocument }, { clients, generateName }) => {
    const AttributeValue = JSON.stringify(PolicyDocument);
    for (const TopicArn of Topics) {
      await clients.sns.send(
        new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }),
      );
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
    Region: withoutEffect,
  }),
  attributes: ['Arn'],
  create: async ({ TopicArn, Protocol, Endpoint, Region: _, ...rest }, context) => {
    const arn = await subscribe(TopicArn, Protocol, Endpoint, toAttributes(rest), context);
    return { physicalId: arn, attributes: { Arn: arn } };
  },
});

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
  const { records, logicalId, log } = context;
  if (Protocol === 'sqs') {
    context.verifyLater(() => {
      if (mayTopicSendToQueue(records.queuePolicies, Endpoint, TopicArn)) return undefined;
      return `no AWS::SQS::QueuePolicy lets sns.amazonaws.com send from ${TopicArn} to ${Endpoint}: AWS would drop every message`;
    });
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
