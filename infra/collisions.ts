import { isNamed, type OwnResource } from '../shared/mitigation/own-resource';

/** Resources of a template whose names the account may have already. CloudFormation fails at them, some in the middle of a deploy. */

/** The property that names a resource, and what to do if the account has one of that name. */
const leftOver = 'delete what is left over, or deploy another stage';
const named: Readonly<
  Record<string, { readonly property: string; readonly word: string; readonly remedy: string }>
> = {
  'AWS::CloudWatch::Alarm': { property: 'AlarmName', word: 'alarm', remedy: leftOver },
  'AWS::CloudWatch::Dashboard': { property: 'DashboardName', word: 'dashboard', remedy: leftOver },
  'AWS::DynamoDB::Table': {
    property: 'TableName',
    word: 'table',
    remedy:
      'to continue with the cases of an earlier stack, deploy with --param="table=adopt"; to start without them, delete the table (docs/removing.md)',
  },
  'AWS::Events::Rule': { property: 'Name', word: 'event rule', remedy: leftOver },
  'AWS::IoT::CustomMetric': {
    property: 'MetricName',
    word: 'custom metric',
    remedy: 'rename it, or leave it out with the profiles that need it',
  },
  'AWS::IoT::MitigationAction': { property: 'ActionName', word: 'mitigation action', remedy: leftOver },
  'AWS::IoT::Policy': { property: 'PolicyName', word: 'policy', remedy: leftOver },
  'AWS::IoT::SecurityProfile': {
    property: 'SecurityProfileName',
    word: 'security profile',
    remedy:
      'rename it, or leave it out and write sources: { deviceDefender: { profiles: existing } } (docs/existing-device-defender.md)',
  },
  'AWS::IoT::ThingGroup': {
    property: 'ThingGroupName',
    word: 'thing group',
    remedy:
      'adopt it (quarantine: { thingGroup: NAME, adopt: true }), or set quarantine.thingGroup to another name',
  },
  'AWS::IoT::TopicRule': { property: 'RuleName', word: 'topic rule', remedy: leftOver },
  'AWS::Lambda::Function': { property: 'FunctionName', word: 'function', remedy: leftOver },
  'AWS::Logs::LogGroup': {
    property: 'LogGroupName',
    word: 'log group',
    remedy: 'delete what is left over (aws logs delete-log-group), or deploy another stage',
  },
  'AWS::SNS::Topic': { property: 'TopicName', word: 'topic', remedy: leftOver },
  'AWS::SQS::Queue': { property: 'QueueName', word: 'queue', remedy: leftOver },
};

export const namedTypes: readonly string[] = Object.keys(named);

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
  >;
}

export interface Account {
  /** The resources of the stack; empty before its first deploy. */
  readonly listOwn: () => Promise<readonly OwnResource[]>;
  /** Those of these names that the account has. */
  readonly findTaken: (type: string, names: readonly string[]) => Promise<readonly string[]>;
  readonly warn: (text: string) => void;
}

/** Lines about the names that a deploy would create although they exist outside its stack. */
export async function findCollisions(
  template: Template,
  isTableAdopted: boolean,
  account: Account,
): Promise<readonly string[]> {
  let own: readonly OwnResource[];
  try {
    own = await account.listOwn();
  } catch (error) {
    account.warn(`whether names of this deploy exist outside the stack could not be seen: ${String(error)}`);
    return [];
  }
  const wanted = listNew(template, own).filter(
    ([type]) => !(isTableAdopted && type === 'AWS::DynamoDB::Table'),
  );
  const found = await Promise.all(
    wanted.map(async ([type, names]) => {
      const { word = type, remedy = leftOver } = named[type] ?? {};
      try {
        const taken = await account.findTaken(type, names);
        return taken.length === 0 ? [] : [`${word} ${taken.join(', ')}: ${remedy}`];
      } catch (error) {
        // Only a check: the person who deploys may lack the right.
        const [reason] = String(error).split('\n');
        account.warn(
          `which ${word}s the account already has could not be seen (${names.length} are new): ${reason}`,
        );
        return [];
      }
    }),
  );
  return found.flat();
}

/** Lists by type the names of the template that no resource of the stack has. */
function listNew(
  { Resources }: Template,
  own: readonly OwnResource[],
): readonly [string, readonly string[]][] {
  return namedTypes.flatMap((type) => {
    const property = named[type]?.property ?? '';
    const names = Object.values(Resources).flatMap(({ Type, Properties }) => {
      const name = Type === type ? Properties?.[property] : undefined;
      return typeof name === 'string' && !own.some((one) => isNamed(one, { type, property, name }))
        ? [name]
        : [];
    });
    return names.length > 0 ? [[type, names] as const] : [];
  }) as readonly [string, readonly string[]][];
}
