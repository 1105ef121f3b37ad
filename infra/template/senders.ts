import { createHash } from 'node:crypto';
import type { Configuration } from '../../shared/domain/configuration';
import type { Sender } from '../../shared/domain/guards/guards';
import { arn, arnOf, type Resources, ref, type Value } from './cloudformation';
import { topicEncryption } from './encryption';
import { allowTopicToSend } from './sources';

/** The way of other products' findings: a topic for each sender, and one queue. */

type Sources = Configuration['sources'];

export function hasSenders({ external }: Sources): boolean {
  return external.length > 0;
}

/** All of it but the queue. */
export function writeSenders(prefix: string, { external }: Sources): Resources {
  if (external.length === 0) return {};
  return {
    FindingsQueuePolicy: {
      Type: 'AWS::SQS::QueuePolicy',
      Properties: {
        Queues: [ref('FindingsQueue'), ref('FindingsDeadQueue')],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            ...external.flatMap(({ name }) =>
              ['FindingsQueue', 'FindingsDeadQueue'].map((queueId) =>
                allowTopicToSend(queueId, ref(`${idOf(name)}Topic`)),
              ),
            ),
            denyForgedEnvelopes,
          ],
        },
      },
    },
    FindingsEventSource: {
      Type: 'AWS::Lambda::EventSourceMapping',
      Properties: {
        EventSourceArn: arnOf('FindingsQueue'),
        FunctionName: arnOf('IntakeLambdaFunction'),
        BatchSize: 10,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
      },
    },
    ...Object.assign({}, ...external.map((sender) => writeSender(prefix, sender))),
  };
}

/** The envelope of SNS proves the sender only while nobody but SNS can put one into the queue. */
const denyForgedEnvelopes: Value = {
  Effect: 'Deny',
  Principal: '*',
  Action: 'sqs:SendMessage',
  Resource: arnOf('FindingsQueue'),
  Condition: { Bool: { 'aws:PrincipalIsAWSService': 'false' } },
};

function writeSender(prefix: string, { name, publishers, eventPattern }: Sender): Resources {
  const id = idOf(name);
  const topic = ref(`${id}Topic`);
  const ruleName = nameRule(`${prefix}-findings-${name}`);
  return {
    [`${id}Topic`]: {
      Type: 'AWS::SNS::Topic',
      Properties: { TopicName: `${prefix}-findings-${name}`, ...topicEncryption },
    },
    [`${id}TopicPolicy`]: {
      Type: 'AWS::SNS::TopicPolicy',
      Properties: {
        Topics: [topic],
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            ...(publishers ? [allowPublish(topic, { AWS: publishers })] : []),
            ...(eventPattern
              ? [
                  allowPublish(
                    topic,
                    { Service: 'events.amazonaws.com' },
                    {
                      ArnEquals: { 'aws:SourceArn': arn('events', `rule/${ruleName}`) },
                    },
                  ),
                ]
              : []),
            denyOthers(topic, publishers),
          ],
        },
      },
    },
    [`${id}Subscription`]: {
      Type: 'AWS::SNS::Subscription',
      DependsOn: ['FindingsQueuePolicy'],
      Properties: {
        TopicArn: topic,
        Protocol: 'sqs',
        Endpoint: arnOf('FindingsQueue'),
        // The envelope of SNS names the topic, and so the sender, which nothing in the message can.
        RawMessageDelivery: false,
        RedrivePolicy: { deadLetterTargetArn: arnOf('FindingsDeadQueue') },
      },
    },
    ...(eventPattern && {
      [`${id}Rule`]: {
        Type: 'AWS::Events::Rule',
        DependsOn: [`${id}TopicPolicy`],
        Properties: {
          Name: ruleName,
          Description: `Findings of ${name}`,
          EventPattern: eventPattern,
          State: 'ENABLED',
          Targets: [{ Arn: topic, Id: 'topic' }],
        },
      },
    }),
  };
}

/** EventBridge's limit (API reference, PutRule), while a topic's name may have 256 characters. */
const longestRuleName = 64;

function nameRule(name: string): string {
  if (name.length <= longestRuleName) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 16);
  return `${name.slice(0, longestRuleName - hash.length - 1)}-${hash}`;
}

function allowPublish(topic: Value, Principal: object, Condition?: object): Value {
  return {
    Effect: 'Allow',
    Principal,
    Action: 'sns:Publish',
    Resource: topic,
    ...(Condition && { Condition }),
  };
}

/**
 * A role of this account may publish by its own policy, even if the topic does not allow it, so the topic needs a
 * denial.
 */
function denyOthers(topic: Value, publishers: readonly string[] = []): Value {
  return {
    Effect: 'Deny',
    Principal: '*',
    Action: 'sns:Publish',
    Resource: topic,
    Condition: {
      Bool: { 'aws:PrincipalIsAWSService': 'false' },
      ...(publishers.length > 0 && { ArnNotEquals: { 'aws:PrincipalArn': publishers } }),
    },
  };
}

/** The name, not the place in the list: another sender in the list must not move a topic. */
function idOf(name: string): string {
  return `Sender${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
