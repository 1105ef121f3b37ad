import { comparePolicies, matches } from './compare';
import { type DeployedResource, unknown } from './template';

/** What the services say of a resource now; nothing where it is not there. */
export interface PresentResources {
  readRole(name: string): Promise<PresentRole | undefined>;
  /** An empty document where there is none; nothing where there is no queue. */
  readQueuePolicy(queueUrl: string): Promise<unknown>;
  readTopicPolicy(topicArn: string): Promise<unknown>;
  readSubscription(arn: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** In the words of the template. */
  readTopicRule(name: string): Promise<object | undefined>;
  readSchedule(name: string): Promise<PresentSchedule | undefined>;
  readFunctionSettings(name: string): Promise<object | undefined>;
  readAlarm(name: string): Promise<object | undefined>;
}

export interface PresentRole {
  readonly trust: unknown;
  readonly policies: ReadonlyMap<string, unknown>;
}

interface PresentSchedule {
  readonly state: string;
  readonly expression: string;
  readonly targets: readonly string[];
}

interface Judge {
  /** What the type is called. */
  readonly word: string;
  /** What differs from what was deployed, in words. */
  judge(resource: DeployedResource, present: PresentResources): Promise<readonly string[]>;
}

const gone = ['it is missing'];
/** Another check of the doctor says so. */
const toldElsewhere: readonly string[] = [];

/** The types of resource that somebody may change so that a part of Cordon stops without a word. */
export const judges: Readonly<Record<string, Judge>> = {
  'AWS::IAM::Role': { word: 'role', judge: judgeRole },
  'AWS::SQS::QueuePolicy': { word: 'queue policy', judge: judgeQueuePolicy },
  'AWS::SNS::TopicPolicy': { word: 'topic policy', judge: judgeTopicPolicy },
  'AWS::SNS::Subscription': { word: 'subscription', judge: judgeSubscription },
  'AWS::IoT::TopicRule': { word: 'IoT rule', judge: judgeTopicRule },
  'AWS::Events::Rule': { word: 'schedule', judge: judgeSchedule },
  'AWS::Lambda::Function': { word: 'function', judge: judgeFunction },
  'AWS::CloudWatch::Alarm': { word: 'alarm', judge: judgeAlarm },
};

async function judgeQueuePolicy(
  { properties }: DeployedResource,
  { readQueuePolicy }: PresentResources,
): Promise<readonly string[]> {
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
  { readTopicPolicy }: PresentResources,
): Promise<readonly string[]> {
  const found = await Promise.all(listKnown(properties.Topics).map(readTopicPolicy));
  return found.flatMap((policy) => comparePolicies(properties.PolicyDocument, policy));
}

async function judgeSubscription(
  { physicalId, properties }: DeployedResource,
  { readSubscription }: PresentResources,
): Promise<readonly string[]> {
  const present = await readSubscription(physicalId);
  if (!present) return toldElsewhere;
  const { RawMessageDelivery = false, FilterPolicy = {} } = properties;
  const filter: unknown = JSON.parse(present.FilterPolicy || '{}');
  // Both ways, since a filter that was added keeps messages back.
  const isSameFilter =
    matches(FilterPolicy, filter) && (FilterPolicy === unknown || matches(filter, FilterPolicy));
  return [
    ...differ('RawMessageDelivery', RawMessageDelivery, present.RawMessageDelivery || 'false'),
    ...(isSameFilter ? [] : [`FilterPolicy is ${JSON.stringify(filter)}`]),
  ];
}

async function judgeTopicRule(
  { physicalId, properties }: DeployedResource,
  { readTopicRule }: PresentResources,
): Promise<readonly string[]> {
  const present = await readTopicRule(physicalId);
  if (!present) return toldElsewhere;
  const { RuleDisabled: _, ...payload } = properties.TopicRulePayload as Readonly<Record<string, unknown>>;
  return compareFields(payload, present);
}

async function judgeSchedule(
  { physicalId, properties }: DeployedResource,
  { readSchedule }: PresentResources,
): Promise<readonly string[]> {
  const present = await readSchedule(physicalId);
  if (!present) return gone;
  const targets = (properties.Targets ?? []) as readonly { readonly Arn?: unknown }[];
  return [
    ...differ('State', properties.State ?? 'ENABLED', present.state),
    ...differ('ScheduleExpression', properties.ScheduleExpression, present.expression),
    ...differ(
      'Targets',
      targets.map(({ Arn }) => Arn),
      present.targets,
    ),
  ];
}

async function judgeFunction(
  { physicalId, properties }: DeployedResource,
  { readFunctionSettings }: PresentResources,
): Promise<readonly string[]> {
  const present = await readFunctionSettings(physicalId);
  if (!present) return toldElsewhere;
  const watched = ['Handler', 'Timeout', 'MemorySize', 'Environment'].filter((name) => name in present);
  return compareFields(Object.fromEntries(watched.map((name) => [name, properties[name]])), present);
}

async function judgeAlarm(
  { physicalId, properties }: DeployedResource,
  { readAlarm }: PresentResources,
): Promise<readonly string[]> {
  const present = await readAlarm(physicalId);
  if (!present) return gone;
  const { AlarmName: _, AlarmDescription: __, Metrics: ___, Tags: ____, ...watched } = properties;
  return compareFields({ ActionsEnabled: true, ...watched }, present);
}

async function judgeRole(
  { physicalId, properties }: DeployedResource,
  { readRole }: PresentResources,
): Promise<readonly string[]> {
  const present = await readRole(physicalId);
  if (!present) return gone;
  const policies = (properties.Policies ?? []) as readonly {
    readonly PolicyName: string;
    readonly PolicyDocument: unknown;
  }[];
  return [
    ...comparePolicies(properties.AssumeRolePolicyDocument, present.trust).map(
      (difference) => `who may assume it: ${difference}`,
    ),
    ...policies.flatMap(({ PolicyName, PolicyDocument }) =>
      present.policies.has(PolicyName)
        ? comparePolicies(PolicyDocument, present.policies.get(PolicyName)).map(
            (difference) => `policy ${PolicyName}: ${difference}`,
          )
        : [`its policy ${PolicyName} is missing`],
    ),
    ...[...present.policies.keys()]
      .filter((name) => !policies.some(({ PolicyName }) => PolicyName === name))
      .map((name) => `it has another policy, ${name}`),
  ];
}

function listKnown(value: unknown): string[] {
  return [value ?? []].flat().filter((one) => typeof one === 'string');
}

function compareFields(deployed: unknown, present: object): string[] {
  const fields = deployed as Readonly<Record<string, unknown>>;
  return Object.entries(fields).flatMap(([name, value]) =>
    differ(name, value, (present as Readonly<Record<string, unknown>>)[name]),
  );
}

/** Names what differs; the values of a function's variables may be secret. */
function differ(name: string, deployed: unknown, actual: unknown): string[] {
  if (matches(deployed, actual)) return [];
  if (name.startsWith('Environment.Variables.')) return [`${name} is not as deployed`];
  if (isFields(deployed) && isFields(actual))
    return Object.keys(deployed).flatMap((key) => differ(`${name}.${key}`, deployed[key], actual[key]));
  const isShort = [deployed, actual].every((value) => typeof value !== 'object' && value !== undefined);
  return [isShort ? `${name} was ${deployed} and is ${actual}` : `${name} is not as deployed`];
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
