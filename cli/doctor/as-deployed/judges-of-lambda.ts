import { describeStatement, listStatements, type Statement } from './compare';
import { compareFields, differ, toldElsewhere } from './differ';
import type { Differences } from './judge';
import type { PresentResources } from './present';
import { type DeployedResource, unknown } from './template';

export async function judgeFunction(
  { physicalId, properties, metadata }: DeployedResource,
  { readFunctionSettings, readFunctionPolicy }: PresentResources,
  all: readonly DeployedResource[],
): Promise<Differences> {
  const [present, policy] = await Promise.all([
    readFunctionSettings(physicalId),
    readFunctionPolicy(physicalId),
  ]);
  if (!present) return toldElsewhere;
  const watched = ['Handler', 'Runtime', 'Role', 'Timeout', 'MemorySize', 'Environment'].filter(
    (name) => name in present,
  );
  const { Layers = [] } = present as { readonly Layers?: readonly { readonly Arn?: string }[] };
  return [
    ...compareFields(Object.fromEntries(watched.map((name) => [name, properties[name]])), present),
    ...differ(
      'Layers',
      properties.Layers ?? [],
      Layers.map(({ Arn }) => Arn),
    ),
    ...judgeAdded(physicalId, properties, present),
    ...judgeLogging(physicalId, properties, present),
    ...judgeCode(physicalId, properties.Code, metadata.CodeSha256, present),
    ...judgeInvokers(physicalId, policy, all),
  ];
}

interface Settings {
  readonly VpcConfig?: { readonly SubnetIds?: readonly string[] };
  readonly Environment?: { readonly Variables?: Readonly<Record<string, unknown>> };
}

/** A variable may redirect the function's calls or load code into it, and a network may cut it off from AWS. */
function judgeAdded(name: string, deployed: Settings, present: Settings): Differences {
  const own = deployed.Environment?.Variables ?? {};
  const added = Object.keys(present.Environment?.Variables ?? {}).filter((variable) => !(variable in own));
  const subnets = deployed.VpcConfig === undefined ? (present.VpcConfig?.SubnetIds ?? []) : [];
  return [
    ...added.map((variable) => `Environment.Variables.${variable} was added`),
    ...(subnets.length > 0
      ? [
          {
            what: `it runs in a network of your own (${subnets.join(', ')})`,
            why: 'Unless that network reaches the services of AWS, each of its calls hangs.',
            mend: `aws lambda update-function-configuration --function-name ${name} --vpc-config SubnetIds=[],SecurityGroupIds=[]`,
          },
        ]
      : []),
  ];
}

interface Logging {
  readonly LoggingConfig?: { readonly LogFormat?: string; readonly LogGroup?: string };
}

/** The metrics of a function are lines of its log, which a level of Lambda would drop; only the format JSON has levels. */
function judgeLogging(
  name: string,
  { LoggingConfig: deployed }: Logging,
  { LoggingConfig: present }: Logging,
): Differences {
  if (present === undefined) return [];
  const { LogFormat = 'Text', LogGroup = `/aws/lambda/${name}` } = deployed ?? {};
  return compareFields({ LogFormat, LogGroup }, { LogFormat, LogGroup, ...present }).map((what) => ({
    what: `LoggingConfig: ${what}`,
    why: 'Its logs and metrics may be missing where people and alarms look for them.',
    mend: `aws lambda update-function-configuration --function-name ${name} --logging-config LogFormat=${LogFormat},LogGroup=${LogGroup}`,
  }));
}

/** The deploy wrote the hash of each package into the template; Lambda shows the hash of the one that runs. */
function judgeCode(
  name: string,
  code: unknown,
  deployed: unknown,
  { CodeSha256: present }: { readonly CodeSha256?: string },
): Differences {
  if (typeof deployed !== 'string' || present === undefined || present === deployed) return [];
  const { S3Bucket, S3Key } = (code ?? {}) as Readonly<Record<string, unknown>>;
  return [
    {
      what: `its code is not what was deployed: the package has SHA-256 ${present}, and was ${deployed}`,
      why: 'Whoever replaced it decides what Cordon does, with the rights of its role.',
      mend: `aws lambda update-function-code --function-name ${name} --s3-bucket ${String(S3Bucket)} --s3-key ${String(S3Key)}`,
    },
  ];
}

/** An additional invoker of a function can forge events for it. */
function judgeInvokers(name: string, policy: unknown, all: readonly DeployedResource[]): Differences {
  const permissions = all.filter(
    ({ type, properties }) => type === 'AWS::Lambda::Permission' && nameOf(properties.FunctionName) === name,
  );
  return listStatements(policy)
    .filter((statement) => !permissions.some(({ properties }) => isGivenBy(statement, properties)))
    .map((statement) => ({
      what: `its policy has in addition: ${describeStatement(statement)}`,
      why: 'Whoever may invoke it can forge the events that it acts on.',
      mend: `aws lambda remove-permission --function-name ${name} --statement-id ${String(statement.Sid)}`,
    }));
}

function isGivenBy(
  statement: Statement,
  { Principal, SourceArn }: Readonly<Record<string, unknown>>,
): boolean {
  return (
    statement.Effect === 'Allow' &&
    (statement.Principal as { readonly Service?: unknown } | undefined)?.Service === Principal &&
    (SourceArn === undefined || SourceArn === unknown || findSource(statement) === SourceArn)
  );
}

/** A filter that was added silently drops messages. */
export async function judgeEventSource(
  { physicalId, properties }: DeployedResource,
  { readEventSource }: PresentResources,
): Promise<Differences> {
  const name = nameOf(properties.FunctionName);
  const present = name === undefined ? undefined : await readEventSource(name, physicalId);
  if (!present) return toldElsewhere;
  const { FilterCriteria, ScalingConfig: scaling } = present as {
    readonly FilterCriteria?: { readonly Filters?: readonly unknown[] };
    readonly ScalingConfig?: { readonly MaximumConcurrency?: number };
  };
  const { BatchSize, FunctionResponseTypes = [], ScalingConfig, FilterCriteria: filter } = properties;
  const { MaximumBatchingWindowInSeconds = 0 } = properties;
  return [
    ...compareFields(
      {
        ...{ BatchSize, FunctionResponseTypes, MaximumBatchingWindowInSeconds },
        ScalingConfig: ScalingConfig ?? { MaximumConcurrency: 'none' },
      },
      {
        ...{ MaximumBatchingWindowInSeconds: 0, ...present },
        ScalingConfig: { MaximumConcurrency: scaling?.MaximumConcurrency ?? 'none' },
      },
    ),
    ...(filter === undefined && (FilterCriteria?.Filters ?? []).length > 0
      ? [`it has a filter: ${JSON.stringify(FilterCriteria)}`]
      : []),
  ].map((difference) => `of ${name}: ${difference}`);
}

/** Without the permission a schedule or the API starts the function never. */
export async function judgePermission(
  { properties }: DeployedResource,
  { readFunctionPolicy }: PresentResources,
): Promise<Differences> {
  const name = nameOf(properties.FunctionName);
  if (name === undefined) return toldElsewhere;
  const { Principal, SourceArn } = properties;
  const statements = listStatements(await readFunctionPolicy(name));
  const isGiven = statements.some((statement) => isGivenBy(statement, properties));
  return isGiven
    ? []
    : [`${Principal} may not invoke ${name}${SourceArn === unknown ? '' : ` for ${SourceArn}`}`];
}

/** A statement without a source is of any. */
function findSource({ Condition = {} }: Statement): unknown {
  return Object.values(Condition as Readonly<Record<string, Readonly<Record<string, unknown>>>>).flatMap(
    (keys) => keys['AWS:SourceArn'] ?? keys['aws:SourceArn'] ?? [],
  )[0];
}

function nameOf(functionArn: unknown): string | undefined {
  return typeof functionArn === 'string' ? functionArn.slice(functionArn.lastIndexOf(':') + 1) : undefined;
}
