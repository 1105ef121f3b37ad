import type { Configuration, SourceTopic } from '../domain/configuration';
import { takesAudits } from './audits';
import { takesExisting } from './existing-profiles';
import type { Fault } from './fault';

/** Topics that every stack has: its alerts queue receives from the first already, and the others carry no alerts. */
export const ownTopic = /:cordon-[a-z0-9-]+-(?:alerts|alarms|announcements)$/;

/** Errors in `sources`. */
export function findSourceFaults({ sources, securityProfiles }: Configuration): Fault[] {
  const topics = sources.deviceDefender?.topics ?? [];
  const arns = topics.map(({ arn }) => arn);
  const [first = ''] = arns;
  const faults = arns.flatMap((arn, index) => {
    const message = findTopicFault(arn, arns.slice(0, index), first);
    return message ? [{ path: ['sources', 'deviceDefender', 'topics', index], message }] : [];
  });
  const isEmpty =
    Object.keys(securityProfiles).length === 0 &&
    !takesExisting({ sources }) &&
    !takesAudits({ sources }) &&
    sources.external.length === 0;
  return [
    ...faults,
    ...(isEmpty
      ? [
          {
            path: ['securityProfiles'],
            message:
              'missing: expected security profiles, or sources: { deviceDefender: { profiles: existing } } for those that your account has',
          },
        ]
      : []),
  ];
}

function findTopicFault(arn: string, earlier: readonly string[], first: string): string | undefined {
  if (earlier.includes(arn)) return 'this topic is already in the list';
  if (ownTopic.test(arn)) return 'a topic of Cordon itself: name only topics that exist beside it';
  const [, partition] = arn.split(':');
  return first.startsWith(`arn:${partition}:`)
    ? undefined
    : `AWS delivers nothing from partition ${partition} to that of the topics above it`;
}

/** The account, region and stage of the stack. */
export interface Place {
  readonly account: string;
  readonly region: string;
  readonly stage: string;
}

/** The statements that the owner of a topic in another account adds to its policy before the deploy. */
function writeTopicStatements(topicArn: string, { account, region, stage }: Place): readonly object[] {
  const [, partition] = topicArn.split(':');
  const owner = { AWS: `arn:${partition}:iam::${account}:root` };
  return [
    {
      Sid: 'CordonSubscribes',
      Effect: 'Allow',
      Principal: owner,
      Action: 'sns:Subscribe',
      Resource: topicArn,
      Condition: {
        StringEquals: {
          'sns:Protocol': 'sqs',
          'sns:Endpoint': `arn:${partition}:sqs:${region}:${account}:cordon-${stage}-alerts`,
        },
      },
    },
    // CloudFormation asks for the topic before it subscribes to it, changes a subscription or ends it.
    {
      Sid: 'CordonLooksForTheTopic',
      Effect: 'Allow',
      Principal: owner,
      Action: 'sns:GetTopicAttributes',
      Resource: topicArn,
    },
  ];
}

/** What `cordon check` prints about the topics. */
export function explainTopics({ sources }: Configuration, place: Place): string[] {
  const topics = sources.deviceDefender?.topics ?? [];
  if (topics.length === 0) return [];
  return ['Alerts also arrive from:', ...topics.flatMap((topic) => explainTopic(topic, place))];
}

function explainTopic({ arn, alertsOf }: SourceTopic, place: Place): string[] {
  const origin =
    alertsOf === 'this-account'
      ? "  each alert is about a thing of Cordon's account and region, as the file says: let only their security profiles publish there"
      : "  alerts name no account: if the topic is not in Cordon's account and region, they are set aside, unless the file has { arn: ARN, alertsOf: this-account }";
  const [, , , , owner] = arn.split(':');
  const policy =
    owner === place.account
      ? []
      : [
          `  if account ${owner} is not Cordon's, its topic policy needs these statements before the deploy:`,
          ...writeTopicStatements(arn, place).map((statement) => `    ${JSON.stringify(statement)}`),
          '  the key of an encrypted topic needs no change: only those who publish use it',
        ];
  return [
    `${arn}: the stack subscribes its alerts queue, whose policy lets this topic send`,
    origin,
    ...policy,
  ];
}
