import { createHash } from 'node:crypto';
import { listNamed } from '../../functions/notify/channels/registry';
import type { FileConfiguration } from '../../shared/config/schema';
import { writeAlarm } from './alarms';
import { channelSeconds, listStackChannels } from './channels';
import { arn, arnOf, type Resources, ref, type Value } from './cloudformation';
import { queueEncryption, topicEncryption } from './encryption';
import { hasSenders, writeSenders } from './senders';
import { allowSourcesToSend, allowTopicToSend, writeSourceSubscriptions } from './sources';

interface QueueSpec {
  readonly id: string;
  readonly name: string;
  /** At least the function's timeout; otherwise SQS would deliver a message to two invocations at once. */
  readonly visibilitySeconds: number;
  readonly fifo?: true;
}

const queues: readonly QueueSpec[] = [
  { id: 'Alerts', name: 'alerts', visibilitySeconds: 60 },
  { id: 'Reports', name: 'reports', visibilitySeconds: 60 },
  { id: 'Presence', name: 'presence', visibilitySeconds: 60 },
  /**
   * Just over respond's timeout, because a device stays free for this long if an invocation is killed. Lambda recommends six
   * times the timeout, to avoid a redelivery while Lambda still retries a throttled invocation. Such a redelivery is harmless
   * here: a group has one message in flight, a command takes effect once (`lastCommandId`, the version of the case), and
   * maximumConcurrency keeps Lambda from receiving more messages than it can process.
   */
  { id: 'Commands', name: 'commands', visibilitySeconds: 20, fifo: true },
];

const findingsQueue: QueueSpec = { id: 'Findings', name: 'findings', visibilitySeconds: 60 };

const day = 86_400;
/**
 * How long a message is retried. A delivery also counts if another message crashed the invocation, if it was killed or
 * throttled, or if the table was unavailable. A few of these must not discard a good message. The functions themselves
 * reject unreadable messages at once.
 */
const triedSeconds = 1_800;

export function writeMessaging(prefix: string, { notify, sources }: FileConfiguration): Resources {
  const channels = listStackChannels(notify);
  const findings = hasSenders(sources) ? [findingsQueue] : [];
  const channelQueues = channels.map(({ id, functionName }) => ({
    id,
    name: functionName,
    visibilitySeconds: channelSeconds,
  }));
  return {
    ...Object.assign(
      {},
      ...[...queues, ...findings, ...channelQueues].map((queue) => writeQueue(prefix, queue)),
    ),
    RejectedQueue: writePlainQueue(`${prefix}-rejected`),
    RejectedAlarm: writeDeadAlarm(`${prefix}-rejected`, 'RejectedQueue'),
    AlarmsTopic: writeTopic(`${prefix}-alarms`),
    AlertsTopic: writeTopic(`${prefix}-alerts`),
    AlertsTopicPolicy: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [ref('AlertsTopic')],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: 'iot.amazonaws.com' },
              Action: 'sns:Publish',
              Resource: ref('AlertsTopic'),
              Condition: {
                StringEquals: { 'aws:SourceAccount': ref('AWS::AccountId') },
                ArnLike: { 'aws:SourceArn': arn('iot', '*') },
              },
            },
          ],
        },
      },
    },
    AnnouncementsTopic: writeTopic(`${prefix}-announcements`),
    ...writeSubscription('Alerts', 'AlertsTopic', { more: allowSourcesToSend(sources) }),
    ...writeSourceSubscriptions(sources),
    ...writeSenders(prefix, sources),
    ...Object.assign(
      {},
      ...channels.map(({ id, descriptor: { audience, changesMessages } }) =>
        writeSubscription(id, 'AnnouncementsTopic', {
          ...(audience === 'people' && {
            FilterPolicy: { audience: ['people', ...(changesMessages ? ['update'] : []), ...aHeartbeat] },
          }),
        }),
      ),
    ),
    ...Object.assign(
      {},
      ...listAddresses(notify).map((address) => ({
        [`${nameEmail(address)}Subscription`]: writeEmail(address, 'AnnouncementsTopic', {
          ...forPeople,
          ...(notify.routes && routedToMail),
        }),
        [`${nameEmail(address)}AlarmSubscription`]: writeEmail(address, 'AlarmsTopic'),
      })),
    ),
  };
}

/** Excludes announcements that people already received with another thing. */
const forPeople = { audience: ['people'] };
/** During an update, functions of the earlier version don't set this attribute. */
const routedToMail = { mail: ['true', { exists: false }] };
/** A channel's function accepts the heartbeat and does not show it. */
const aHeartbeat = ['heartbeat'];

function listAddresses(notify: FileConfiguration['notify']): readonly string[] {
  return listNamed(notify).flatMap(({ descriptor, section }) =>
    descriptor.delivery === 'subscription' ? descriptor.listEndpoints(section) : [],
  );
}

function writeTopic(name: string): Resources[string] {
  return { Type: 'AWS::SNS::Topic', Properties: { TopicName: name, ...topicEncryption } };
}

function writeQueue(prefix: string, { id, name, visibilitySeconds, fifo }: QueueSpec): Resources {
  const end = fifo ? '.fifo' : '';
  const deadName = `${prefix}-${name}-dead${end}`;
  return {
    [`${id}Queue`]: {
      Type: 'AWS::SQS::Queue',
      Properties: {
        QueueName: `${prefix}-${name}${end}`,
        VisibilityTimeout: visibilitySeconds,
        MessageRetentionPeriod: 4 * day,
        ...queueEncryption,
        RedrivePolicy: {
          deadLetterTargetArn: arnOf(`${id}DeadQueue`),
          maxReceiveCount: triedSeconds / visibilitySeconds,
        },
        // High throughput: ordered within a thing, parallel between things.
        ...(fifo && {
          FifoQueue: true,
          DeduplicationScope: 'messageGroup',
          FifoThroughputLimit: 'perMessageGroupId',
        }),
      },
    },
    [`${id}DeadQueue`]: writePlainQueue(deadName, fifo),
    [`${id}DeadAlarm`]: writeDeadAlarm(deadName, `${id}DeadQueue`),
  };
}

function writePlainQueue(name: string, fifo?: true): Resources[string] {
  return {
    Type: 'AWS::SQS::Queue',
    Properties: {
      QueueName: name,
      MessageRetentionPeriod: 14 * day,
      ...queueEncryption,
      ...(fifo && { FifoQueue: true }),
    },
  };
}

function writeDeadAlarm(name: string, queueId: string): Resources[string] {
  return writeAlarm({
    name,
    what: 'Messages could not be handled: they are unreadable, or failed at every delivery.',
    runbook: 'dead-letters',
    measure: {
      Namespace: 'AWS/SQS',
      MetricName: 'ApproximateNumberOfMessagesVisible',
      Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [queueId, 'QueueName'] } }],
      Statistic: 'Maximum',
      Period: 60,
      EvaluationPeriods: 1,
      Threshold: 0,
    },
  });
}

/** A topic that feeds a queue, and the queue policy; without the policy, SNS silently drops messages. */
function writeSubscription(
  id: string,
  topicId: string,
  { FilterPolicy, more = [] }: { readonly FilterPolicy?: Value; readonly more?: readonly Value[] },
): Resources {
  return {
    [`${id}Subscription`]: {
      Type: 'AWS::SNS::Subscription',
      DependsOn: [`${id}QueuePolicy`],
      Properties: {
        TopicArn: ref(topicId),
        Protocol: 'sqs',
        Endpoint: arnOf(`${id}Queue`),
        RawMessageDelivery: true,
        ...(FilterPolicy && { FilterPolicy }),
        RedrivePolicy: { deadLetterTargetArn: arnOf(`${id}DeadQueue`) },
      },
    },
    [`${id}QueuePolicy`]: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [ref(`${id}Queue`), ref(`${id}DeadQueue`)],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            allowTopicToSend(`${id}Queue`, ref(topicId)),
            allowTopicToSend(`${id}DeadQueue`, ref(topicId)),
            ...more,
          ],
        },
      },
    },
  };
}

/**
 * The name has the address, not its place in the list. SNS returns the existing subscription for a second Subscribe of an
 * address. If an address moved up in the list, CloudFormation would adopt the subscription by its new name, and delete it by
 * its old one.
 */
function nameEmail(address: string): string {
  return `Email${createHash('sha256').update(address).digest('hex').slice(0, 16)}`;
}

function writeEmail(address: string, topicId: string, FilterPolicy?: Value): Resources[string] {
  return {
    Type: 'AWS::SNS::Subscription',
    Properties: {
      TopicArn: ref(topicId),
      Protocol: 'email',
      Endpoint: address,
      ...(FilterPolicy && { FilterPolicy }),
    },
  };
}
