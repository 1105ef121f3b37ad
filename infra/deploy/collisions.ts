import { isNamed, type OwnResource } from '../../shared/mitigation/own-resource';

/** Resources of a template whose names the account may have already. CloudFormation fails at them, some in the middle of a deploy. */

/** The property that names a resource, and what to do if the account has one of that name. */
const leftOver = 'if an earlier stack left it over, delete it; otherwise deploy another stage';
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
    remedy: 'rename it in cordon.yml, or remove it there with the profiles that need it',
  },
  'AWS::IoT::MitigationAction': { property: 'ActionName', word: 'mitigation action', remedy: leftOver },
  'AWS::IoT::Policy': { property: 'PolicyName', word: 'policy', remedy: leftOver },
  'AWS::IoT::SecurityProfile': {
    property: 'SecurityProfileName',
    word: 'security profile',
    remedy:
      'rename it in cordon.yml, or remove it there and write sources: { deviceDefender: { profiles: existing } } (docs/existing-device-defender.md)',
  },
  'AWS::IoT::ThingGroup': {
    property: 'ThingGroupName',
    word: 'thing group',
    remedy:
      'in cordon.yml, adopt it (quarantine: { thingGroup: NAME, adopt: true }), or set quarantine.thingGroup to another name',
  },
  'AWS::IoT::TopicRule': { property: 'RuleName', word: 'topic rule', remedy: leftOver },
  'AWS::Lambda::Function': { property: 'FunctionName', word: 'function', remedy: leftOver },
  'AWS::Logs::LogGroup': {
    property: 'LogGroupName',
    word: 'log group',
    remedy:
      'if an earlier stack left it over, delete it (aws logs delete-log-group); otherwise deploy another stage',
  },
  'AWS::SNS::Topic': { property: 'TopicName', word: 'topic', remedy: leftOver },
  'AWS::SQS::Queue': { property: 'QueueName', word: 'queue', remedy: leftOver },
};

/** The end of each warning about a check that could not be made. */
export const rightsPage = 'docs/iam/deploy-checks.json has the rights';

export const namedTypes: readonly string[] = Object.keys(named);

interface Template {
  readonly Resources: Readonly<
    Record<string, { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> }>
  >;
}

export interface Account {
  /** The resources of the stack; empty before its first deploy. */
  readonly listOwn: () => Promise<readonly OwnResource[]>;
  /** The names among these that the account has. */
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
    account.warn(
      `could not list what the stack has, so nothing looked for names that the account has outside it: ${String(error)} (${rightsPage})`,
    );
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
          `could not check whether the account already has a ${word} of the same name (${names.length} new): ${reason} (${rightsPage})`,
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
