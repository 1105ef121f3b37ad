import { createHash } from 'node:crypto';
import type { Configuration } from '../../shared/domain/configuration';
import { arnOf, equals, iff, noValue, type Resources, ref, type Value } from './cloudformation';

/** Topics that exist beside the stack, from which its alerts queue receives. */

type Sources = Configuration['sources'];

/**
 * Regions that the SNS developer guide ("Cross-region delivery") does not call opt-in Regions. From those, SNS delivers to
 * another region under a principal of its own.
 */
const enabledByDefault =
  /^(?:us|us-gov)-(?:east|west)-[12]$|^cn-|^(?:ca-central|eu-central|eu-north|sa-east|ap-south)-1$|^eu-west-[123]$|^ap-northeast-[12]$|^ap-southeast-[12]$/;

export function writeSourceConditions(sources: Sources): Readonly<Record<string, Value>> {
  return Object.fromEntries(
    listTopics(sources).map(({ isHere, region }) => [isHere, equals(ref('AWS::Region'), region)]),
  );
}

export function writeSourceSubscriptions(sources: Sources): Resources {
  return Object.fromEntries(
    listTopics(sources).map(({ id, arn, region, isHere, alertsOf }) => [
      `${id}Subscription`,
      {
        Type: 'AWS::SNS::Subscription',
        DependsOn: ['AlertsQueuePolicy'],
        Properties: {
          TopicArn: arn,
          Region: region,
          Protocol: 'sqs',
          Endpoint: arnOf('AlertsQueue'),
          // The envelope of SNS names the topic, by whose account intake sets alerts of another account aside.
          RawMessageDelivery: alertsOf === 'this-account',
          // It must be in the region of the subscription, which is that of the topic.
          RedrivePolicy: iff(isHere, { deadLetterTargetArn: arnOf('AlertsDeadQueue') }, noValue),
        },
      },
    ]),
  );
}

/** Statements of the policy of the alerts queue and its dead-letter queue. */
export function allowSourcesToSend(sources: Sources): Value[] {
  return listTopics(sources).flatMap(({ arn, region, isHere }) => {
    const services = [
      'sns.amazonaws.com',
      ...(enabledByDefault.test(region) ? [] : [`sns.${region}.amazonaws.com`]),
    ];
    return [
      allowTopicToSend('AlertsQueue', arn, services),
      iff(isHere, allowTopicToSend('AlertsDeadQueue', arn), noValue),
    ];
  });
}

export function allowTopicToSend(
  queueId: string,
  topicArn: Value,
  services: readonly string[] = ['sns.amazonaws.com'],
): Value {
  return {
    Effect: 'Allow',
    Principal: { Service: services.length === 1 ? services[0] : services },
    Action: 'sqs:SendMessage',
    Resource: arnOf(queueId),
    Condition: { ArnEquals: { 'aws:SourceArn': topicArn } },
  };
}

/** The logical id has the ARN, not its place in the list: another topic in the list must not move a subscription. */
function listTopics({ deviceDefender }: Sources) {
  return (deviceDefender?.topics ?? []).map(({ arn, alertsOf }) => {
    const id = `Source${createHash('sha256').update(arn).digest('hex').slice(0, 16)}`;
    return { id, arn, alertsOf, isHere: `${id}Here`, region: arn.split(':')[3] ?? '' };
  });
}
