import { compareFields, differ, toldElsewhere } from './differ';
import type { PresentResources } from './present';
import { type DeployedResource, unknown } from './template';

export async function judgeFunction(
  { physicalId, properties }: DeployedResource,
  { readFunctionSettings }: PresentResources,
): Promise<readonly string[]> {
  const present = await readFunctionSettings(physicalId);
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
  ];
}

/** A filter that was added drops messages without a word. */
export async function judgeEventSource(
  { physicalId, properties }: DeployedResource,
  { readEventSource }: PresentResources,
): Promise<readonly string[]> {
  const name = nameOf(properties.FunctionName);
  const present = name === undefined ? undefined : await readEventSource(name, physicalId);
  if (!present) return toldElsewhere;
  const { FilterCriteria } = present as {
    readonly FilterCriteria?: { readonly Filters?: readonly unknown[] };
  };
  const { BatchSize, FunctionResponseTypes = [], ScalingConfig = {}, FilterCriteria: filter } = properties;
  return [
    ...compareFields({ BatchSize, FunctionResponseTypes, ScalingConfig }, { ScalingConfig: {}, ...present }),
    ...(filter === undefined && (FilterCriteria?.Filters ?? []).length > 0
      ? [`it has a filter: ${JSON.stringify(FilterCriteria)}`]
      : []),
  ].map((difference) => `of ${name}: ${difference}`);
}

interface Statement {
  readonly Effect?: unknown;
  readonly Principal?: { readonly Service?: unknown };
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** Without the permission a schedule or the API starts the function never. */
export async function judgePermission(
  { properties }: DeployedResource,
  { readFunctionPolicy }: PresentResources,
): Promise<readonly string[]> {
  const name = nameOf(properties.FunctionName);
  if (name === undefined) return toldElsewhere;
  const { Statement = [] } = ((await readFunctionPolicy(name)) ?? {}) as {
    readonly Statement?: readonly Statement[];
  };
  const { Principal, SourceArn } = properties;
  const isGiven = Statement.some(
    (statement) =>
      statement.Effect === 'Allow' &&
      statement.Principal?.Service === Principal &&
      (SourceArn === undefined || SourceArn === unknown || findSource(statement) === SourceArn),
  );
  return isGiven
    ? []
    : [`${Principal} may not invoke ${name}${SourceArn === unknown ? '' : ` for ${SourceArn}`}`];
}

/** A statement without a source is of any. */
function findSource({ Condition = {} }: Statement): unknown {
  return Object.values(Condition).flatMap((keys) => keys['AWS:SourceArn'] ?? keys['aws:SourceArn'] ?? [])[0];
}

function nameOf(functionArn: unknown): string | undefined {
  return typeof functionArn === 'string' ? functionArn.slice(functionArn.lastIndexOf(':') + 1) : undefined;
}
