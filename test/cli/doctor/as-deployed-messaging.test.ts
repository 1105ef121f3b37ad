import type { PresentResources } from '../../../cli/doctor/as-deployed/present';
import { findsOnly, openedBucket, sharedBucket } from './changed-by-hand';
import { bucket, healthy, ofSns, queueArn, subscription, topicArn, wholeTable } from './deployed-stack';

describe('the check of what was changed by hand', () => {
  it.each<[string, Partial<PresentResources>, string]>([
    [
      'a queue that gives up at once',
      {
        readQueueSettings: async () => ({
          ...(await healthy.readQueueSettings('')),
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${queueArn}-dead`, maxReceiveCount: 1 }),
        }),
      },
      'queue cordon-dev-alerts: RedrivePolicy.maxReceiveCount was 30 and is 1',
    ],
    [
      'a queue that holds each message back',
      { readQueueSettings: async () => ({ ...(await healthy.readQueueSettings('')), DelaySeconds: '900' }) },
      'queue cordon-dev-alerts: DelaySeconds was 0 and is 900',
    ],
    [
      'a queue with a key that others may not use',
      {
        readQueueSettings: async () => ({ ...(await healthy.readQueueSettings('')), KmsMasterKeyId: 'mine' }),
      },
      'queue cordon-dev-alerts: KmsMasterKeyId was none and is mine',
    ],
    [
      'a table without recovery',
      { readTable: async () => ({ ...wholeTable, hasRecovery: false }) },
      'table cordon-dev: point-in-time recovery is off',
    ],
    [
      'a table that expires nothing',
      { readTable: async () => ({ indexes: wholeTable.indexes, hasRecovery: true, isOnDemand: true }) },
      'table cordon-dev: the attribute that expires items was expiresAt and is none',
    ],
    [
      'a table without an index',
      { readTable: async () => ({ ...wholeTable, indexes: ['byStatus'] }) },
      'table cordon-dev: its index byDue is missing',
    ],
    [
      'a table that was given a capacity',
      { readTable: async () => ({ ...wholeTable, isOnDemand: false }) },
      'table cordon-dev: it has a provisioned capacity, above which it refuses calls',
    ],
    ['a table that is gone', { readTable: async () => undefined }, 'table cordon-dev: it is missing'],
    [
      'a subscription whose dead letters are lost',
      { readSubscription: async () => ({ ...subscription, RedrivePolicy: '' }) },
      'RedrivePolicy is missing: what can’t be delivered is lost',
    ],
    [
      'a subscription that filters by the body',
      { readSubscription: async () => ({ ...subscription, FilterPolicyScope: 'MessageBody' }) },
      'FilterPolicyScope was MessageAttributes and is MessageBody',
    ],
    [
      'a queue that is not encrypted',
      {
        readQueueSettings: async (url) => ({
          ...(await healthy.readQueueSettings(url)),
          SqsManagedSseEnabled: String(/-dead$/.test(url)),
        }),
      },
      'queue cordon-dev-alerts: it is not encrypted',
    ],
    [
      'logs that are gone after a day',
      { readLogGroup: async () => ({ retention: 1 }) },
      'log group /aws/lambda/cordon-dev-respond: RetentionInDays was 30 and is 1',
    ],
    [
      'a deleted log group',
      { readLogGroup: async () => undefined },
      'log group /aws/lambda/cordon-dev-respond: it is missing',
    ],
    [
      'a topic with a key that others may not use',
      {
        readTopic: async (arn) => ({
          ...(await healthy.readTopic(arn)),
          ...(arn !== topicArn && { key: 'mine' }),
        }),
      },
      'topic cordon-dev-alerts-alarms: KmsMasterKeyId was none and is mine',
    ],
    [
      'a topic without a policy of the template that anybody may read',
      {
        readTopic: async (arn) =>
          arn === topicArn
            ? healthy.readTopic(arn)
            : {
                policy: {
                  Statement: [
                    ofSns,
                    { Effect: 'Allow', Principal: '*', Action: 'sns:Subscribe', Resource: '*' },
                  ],
                },
              },
      },
      'topic cordon-dev-alerts-alarms: its policy has in addition: Allow sns:Subscribe on * for *',
    ],
    [
      'a topic on which alarms may not publish any more',
      {
        readTopic: async (arn) => (arn === topicArn ? healthy.readTopic(arn) : { policy: { Statement: [] } }),
      },
      'topic cordon-dev-alerts-alarms: its policy lacks the statement that lets this account publish',
    ],
    [
      'a queue whose policy is gone',
      { readQueuePolicy: async () => ({}) },
      'queue policy p1: cordon-dev-alerts: it lacks: Allow sqs:SendMessage',
    ],
    [
      'a topic on which anybody may publish',
      {
        readTopic: async (arn) =>
          arn === topicArn
            ? {
                policy: {
                  Statement: [
                    { Effect: 'Allow', Action: 'sns:Publish', Resource: topicArn },
                    { Effect: 'Allow', Principal: '*', Action: 'sns:Publish', Resource: '*' },
                  ],
                },
              }
            : healthy.readTopic(arn),
      },
      'topic policy p2: it has in addition: Allow sns:Publish on * for *',
    ],
    [
      'a filter on a subscription',
      {
        readSubscription: async () => ({ RawMessageDelivery: 'true', FilterPolicy: '{"status":["never"]}' }),
      },
      'subscription Subscription: FilterPolicy is {"status":["never"]}',
    ],
    [
      'a subscription that wraps messages',
      { readSubscription: async () => ({ RawMessageDelivery: 'false' }) },
      'subscription Subscription: RawMessageDelivery was true and is false',
    ],
    [
      'another SQL in an IoT rule',
      { readTopicRule: async () => ({ ...(await healthy.readTopicRule('')), Sql: 'SELECT * FROM b' }) },
      'IoT rule cordon_dev_reports: Sql was SELECT * FROM a and is SELECT * FROM b',
    ],
    [
      'another action in an IoT rule',
      { readTopicRule: async () => ({ ...(await healthy.readTopicRule('')), Actions: [] }) },
      'IoT rule cordon_dev_reports: Actions is not as deployed',
    ],
    [
      'a deployment bucket with another key',
      { readBucket: async () => ({ ...bucket, encryption: 'aws:kms' }) },
      'deployment bucket cordon-dev-packages: its encryption was AES256 and is aws:kms',
    ],
    [
      'a deployment bucket that may be opened',
      openedBucket,
      'it does not block public access: BlockPublicPolicy is off',
    ],
    [
      'a deployment bucket that somebody else may write to',
      sharedBucket,
      'its policy: it has in addition: Allow s3:PutObject on * for arn:thief',
    ],
  ])('finds %s', findsOnly);
});
