import { comparePolicies, describeStatement, listStatements, matches, type Statement } from './compare';
import { differ, toldElsewhere } from './differ';
import { type Differences, gone, type Judge, listKnown } from './judge';
import type { PresentResources } from './present';
import { type DeployedResource, unknown } from './template';

async function judgeQueuePolicy(
  { properties }: DeployedResource,
  { readQueuePolicy }: PresentResources,
): Promise<Differences> {
  const found = await Promise.all(
    listKnown(properties.Queues).map(async (url) => [url, await readQueuePolicy(url)] as const),
  );
  return found.flatMap(([url, policy]) =>
    policy === undefined
      ? toldElsewhere
      : comparePolicies(properties.PolicyDocument, policy).map(
          (difference) => `${url.slice(url.lastIndexOf('/') + 1)}: ${difference}`,
        ),
  );
}

async function judgeTopicPolicy(
  { properties }: DeployedResource,
  { readTopic }: PresentResources,
): Promise<Differences> {
  const found = await Promise.all(listKnown(properties.Topics).map(readTopic));
  return found.flatMap((topic) =>
    topic ? comparePolicies(properties.PolicyDocument, topic.policy) : toldElsewhere,
  );
}

/** A topic without a policy in the template has the default policy of SNS. */
async function judgeTopic(
  { physicalId, properties, logicalId }: DeployedResource,
  { readTopic }: PresentResources,
  all: readonly DeployedResource[],
): Promise<Differences> {
  const present = await readTopic(physicalId);
  if (!present) return gone;
  const hasPolicy = all.some(
    ({ type, properties: of }) =>
      type === 'AWS::SNS::TopicPolicy' && listKnown(of.Topics).includes(physicalId),
  );
  const account = physicalId.split(':')[4];
  const isOwn = ({ Effect, Condition }: Statement) =>
    Effect === 'Allow' && matches({ StringEquals: { 'AWS:SourceOwner': account } }, Condition);
  const statements = listStatements(present.policy);
  return [
    ...differ('KmsMasterKeyId', properties.KmsMasterKeyId ?? 'none', present.key ?? 'none'),
    ...(hasPolicy || present.policy === undefined
      ? []
      : [
          ...statements
            .filter((one) => !isOwn(one))
            .map((one) => `its policy has in addition: ${describeStatement(one)}`),
          ...(statements.some(isOwn)
            ? []
            : [
                {
                  what: 'its policy lacks the statement that lets this account publish',
                  why:
                    logicalId === 'AlarmsTopic'
                      ? 'CloudWatch can notify nobody of an alarm.'
                      : 'What is published may be refused.',
                  mend: 'docs/changed-by-hand.md',
                },
              ]),
        ]),
  ];
}

async function judgeSubscription(
  { physicalId, properties }: DeployedResource,
  { readSubscription }: PresentResources,
): Promise<Differences> {
  const present = await readSubscription(physicalId);
  if (!present) return toldElsewhere;
  const { RawMessageDelivery = false, FilterPolicy = {}, FilterPolicyScope, RedrivePolicy } = properties;
  const byAttributes = 'MessageAttributes';
  const filter: unknown = JSON.parse(present.FilterPolicy || '{}');
  // Both ways, since a filter that was added keeps messages back.
  const isSameFilter =
    matches(FilterPolicy, filter) && (FilterPolicy === unknown || matches(filter, FilterPolicy));
  return [
    ...differ('RawMessageDelivery', RawMessageDelivery, present.RawMessageDelivery || 'false'),
    ...(isSameFilter ? [] : [`FilterPolicy is ${JSON.stringify(filter)}`]),
    // By the body, the filter lets nothing through.
    ...differ(
      'FilterPolicyScope',
      FilterPolicyScope ?? byAttributes,
      present.FilterPolicyScope || byAttributes,
    ),
    ...judgeRedrive(RedrivePolicy, present.RedrivePolicy),
  ];
}

function judgeRedrive(deployed: unknown, present: string | undefined): Differences {
  if (deployed === undefined) return [];
  return present
    ? differ('RedrivePolicy', deployed, JSON.parse(present))
    : ['RedrivePolicy is missing: what can’t be delivered is lost'];
}

export const judgesOfMessaging: Readonly<Record<string, Judge>> = {
  'AWS::SQS::QueuePolicy': { word: 'queue policy', judge: judgeQueuePolicy },
  'AWS::SNS::Topic': {
    word: 'topic',
    name: ({ physicalId }) => physicalId.slice(physicalId.lastIndexOf(':') + 1),
    judge: judgeTopic,
  },
  'AWS::SNS::TopicPolicy': { word: 'topic policy', judge: judgeTopicPolicy },
  'AWS::SNS::Subscription': { word: 'subscription', judge: judgeSubscription },
};
