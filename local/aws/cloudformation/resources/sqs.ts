import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { flag, json, number, policyDocument, tagList, text, toJson } from './properties';
import { defineResource, type ResourceType } from './resource-type';

const properties = z.strictObject({
  QueueName: text.optional(),
  VisibilityTimeout: number.optional(),
  DelaySeconds: number.optional(),
  MaximumMessageSize: number.optional(),
  MessageRetentionPeriod: number.optional(),
  ReceiveMessageWaitTimeSeconds: number.optional(),
  RedrivePolicy: json.optional(),
  RedriveAllowPolicy: json.optional(),
  FifoQueue: flag.optional(),
  ContentBasedDeduplication: flag.optional(),
  DeduplicationScope: text.optional(),
  FifoThroughputLimit: text.optional(),
  KmsMasterKeyId: text.optional(),
  KmsDataKeyReusePeriodSeconds: number.optional(),
  SqsManagedSseEnabled: flag.optional(),
  Tags: tagList,
});

const queue = defineResource({
  properties,
  attributes: ['Arn', 'QueueName', 'QueueUrl'],
  create: async ({ QueueName: givenName, Tags: _, ...rest }, { clients, generateName, logicalId }) => {
    const QueueName = givenName ?? `${generateName()}${rest.FifoQueue ? '.fifo' : ''}`;
    checkDeadLetterQueue(logicalId, rest.FifoQueue === true, rest.RedrivePolicy);
    const entries = Object.entries(rest).map(([name, value]) => [
      name,
      typeof value === 'object' ? toJson(value) : String(value),
    ]);
    const Attributes = Object.fromEntries(entries.filter(([, value]) => value !== 'undefined'));
    const { QueueUrl = '' } = await clients.sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
    const AttributeNames = ['QueueArn' as const];
    const found = await clients.sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
    return {
      physicalId: QueueUrl,
      attributes: { Arn: found.Attributes?.QueueArn ?? '', QueueName, QueueUrl },
    };
  },
});

/** A dead-letter queue must be of the kind of its source; AWS refuses it otherwise, the local queues don't. */
function checkDeadLetterQueue(
  logicalId: string,
  isFifo: boolean,
  policy: z.output<typeof json> | undefined,
): void {
  if (policy === undefined) return;
  const parsed: unknown = JSON.parse(toJson(policy));
  const target = (parsed as { deadLetterTargetArn?: unknown } | null)?.deadLetterTargetArn;
  if (typeof target !== 'string') throw new Error(`${logicalId}: RedrivePolicy has no deadLetterTargetArn`);
  if (target.endsWith('.fifo') === isFifo) return;
  throw new Error(
    `${logicalId}: its dead-letter queue ${target} must be a ${isFifo ? 'FIFO' : 'standard'} queue too`,
  );
}

const queuePolicy = defineResource({
  properties: z.strictObject({ Queues: z.array(text), PolicyDocument: policyDocument }),
  attributes: [],
  create: async ({ Queues, PolicyDocument }, { clients, records, generateName }) => {
    const Attributes = { Policy: JSON.stringify(PolicyDocument) };
    for (const QueueUrl of Queues) {
      await clients.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
      records.queuePolicies.push({ queueUrl: QueueUrl, document: PolicyDocument });
    }
    return { physicalId: generateName(), attributes: {} };
  },
});

export const sqsTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::SQS::Queue': queue,
  'AWS::SQS::QueuePolicy': queuePolicy,
};
