import {
  GetSubscriptionAttributesCommand,
  paginateListSubscriptionsByTopic,
  type SNSClient,
  type Subscription as SnsSubscription,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, paginateListQueues, type SQSClient } from '@aws-sdk/client-sqs';
import type { QueueState } from '../checks/queues';
import type { Subscription } from '../checks/subscriptions';

interface Messaging {
  listQueues(prefix: string): Promise<QueueState[]>;
  listSubscriptions(topicArn: string): Promise<Subscription[]>;
}

export function connectMessaging(sqs: SQSClient, sns: SNSClient): Messaging {
  async function isFiltered(SubscriptionArn: string): Promise<boolean> {
    const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
    return Boolean(Attributes?.FilterPolicy);
  }

  return {
    async listQueues(prefix: string): Promise<QueueState[]> {
      const urls: string[] = [];
      for await (const { QueueUrls = [] } of paginateListQueues(
        { client: sqs, pageSize: 1_000 },
        { QueueNamePrefix: `${prefix}-` },
      ))
        urls.push(...QueueUrls);
      return Promise.all(
        urls.map(async (QueueUrl) => {
          const { Attributes = {} } = await sqs.send(
            new GetQueueAttributesCommand({
              QueueUrl,
              AttributeNames: ['ApproximateNumberOfMessages', 'RedrivePolicy'],
            }),
          );
          const { deadLetterTargetArn } = JSON.parse(Attributes.RedrivePolicy ?? '{}') as {
            deadLetterTargetArn?: string;
          };
          return {
            name: QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1),
            waiting: Number(Attributes.ApproximateNumberOfMessages ?? 0),
            ...(deadLetterTargetArn && { deadLetterArn: deadLetterTargetArn }),
          };
        }),
      );
    },

    async listSubscriptions(topicArn: string): Promise<Subscription[]> {
      const listed: SnsSubscription[] = [];
      for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
        { client: sns },
        { TopicArn: topicArn },
      ))
        listed.push(...Subscriptions);
      return Promise.all(
        listed.map(async ({ Protocol = '', Endpoint = '', SubscriptionArn: arn = '' }) => {
          const isConfirmed = arn.startsWith('arn:');
          return {
            ...{ protocol: Protocol, endpoint: Endpoint, isConfirmed, arn },
            isFiltered: isConfirmed && (await isFiltered(arn)),
          };
        }),
      );
    },
  };
}
