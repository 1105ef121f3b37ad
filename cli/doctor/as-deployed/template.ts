/** What CloudFormation reports about a stack: what it deployed, and under which names. */
export interface DeployedTemplate {
  /** `arn:PARTITION:cloudformation:REGION:ACCOUNT:stack/NAME/ID`. */
  readonly stackId: string;
  readonly body: TemplateBody;
  readonly parameters: Readonly<Record<string, string>>;
  /** The physical id of each resource that is there, by its logical id. */
  readonly physicalIds: ReadonlyMap<string, string>;
}

export interface TemplateBody {
  readonly Parameters?: Readonly<Record<string, { readonly Type?: string }>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<
    Record<
      string,
      {
        readonly Type: string;
        readonly Properties?: Readonly<Record<string, unknown>>;
        readonly Metadata?: Readonly<Record<string, unknown>>;
      }
    >
  >;
}

/** A resource as it was deployed, with the values that its properties had then. */
export interface DeployedResource {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A value that the template alone does not give; it counts as equal to any. */
export const unknown = Symbol('unknown');
/** A property that is left out. */
const absent = Symbol('absent');

/** The resources that the stack has now, each with resolved properties. */
export function resolveResources(template: DeployedTemplate): DeployedResource[] {
  return Object.entries(template.body.Resources).flatMap(
    ([logicalId, { Type, Properties = {}, Metadata = {} }]) => {
      const physicalId = template.physicalIds.get(logicalId);
      if (physicalId === undefined) return [];
      const properties = resolve(Properties, template) as Readonly<Record<string, unknown>>;
      return [{ logicalId, type: Type, physicalId, properties, metadata: Metadata }];
    },
  );
}

function resolve(value: unknown, template: DeployedTemplate): unknown {
  if (Array.isArray(value))
    return value.map((item) => resolve(item, template)).filter((item) => item !== absent);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  const [[key, argument] = ['', undefined]] = entries;
  if (entries.length === 1 && (key === 'Ref' || key.startsWith('Fn::')))
    return resolveFunction(key, argument, template);
  return Object.fromEntries(
    entries.map(([name, item]) => [name, resolve(item, template)]).filter(([, item]) => item !== absent),
  );
}

function resolveFunction(key: string, argument: unknown, template: DeployedTemplate): unknown {
  switch (key) {
    case 'Ref':
      return resolveName(String(argument), template);
    case 'Fn::GetAtt': {
      const [logicalId = '', attribute = ''] =
        typeof argument === 'string' ? argument.split('.') : (argument as string[]);
      return resolveAttribute(logicalId, attribute, template);
    }
    case 'Fn::Sub':
      return typeof argument === 'string' ? substitute(argument, template) : unknown;
    case 'Fn::Join': {
      const [separator, parts] = resolve(argument, template) as [string, unknown[]];
      return Array.isArray(parts) && !parts.includes(unknown) ? parts.join(separator) : unknown;
    }
    case 'Fn::If': {
      const [condition, yes, no] = argument as [string, unknown, unknown];
      const holds = judgeCondition(template.body.Conditions?.[condition], template);
      return holds === unknown ? unknown : resolve(holds ? yes : no, template);
    }
    default:
      return unknown;
  }
}

function substitute(text: string, template: DeployedTemplate): string | typeof unknown {
  let isKnown = true;
  const filled = text.replace(/\$\{(!?)([^}]+)\}/g, (whole, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    const [logicalId = '', attribute] = name.split('.');
    const value = attribute
      ? resolveAttribute(logicalId, attribute, template)
      : resolveName(logicalId, template);
    if (typeof value === 'string') return value;
    isKnown = false;
    return whole;
  });
  return isKnown ? filled : unknown;
}

function resolveName(name: string, { stackId, body, parameters, physicalIds }: DeployedTemplate): unknown {
  const [, partition, , region, account, path = ''] = stackId.split(':');
  const pseudo: Readonly<Record<string, unknown>> = {
    'AWS::Partition': partition,
    'AWS::Region': region,
    'AWS::AccountId': account,
    'AWS::StackName': path.split('/')[1],
    'AWS::StackId': stackId,
    'AWS::NoValue': absent,
  };
  if (name in pseudo) return pseudo[name];
  const physicalId = physicalIds.get(name);
  if (physicalId !== undefined) return physicalId;
  const value = parameters[name];
  // CloudFormation masks a NoEcho value with asterisks, and shows the name of an SSM parameter instead of its value.
  const isMasked = value === undefined || /^\*+$/.test(value);
  const type = body.Parameters?.[name]?.Type;
  if (isMasked || type?.startsWith('AWS::SSM')) return unknown;
  return type === 'CommaDelimitedList' ? value.split(',').map((one) => one.trim()) : value;
}

function resolveAttribute(logicalId: string, attribute: string, template: DeployedTemplate): unknown {
  const { stackId, body, physicalIds } = template;
  const [, partition, , region, account] = stackId.split(':');
  const physicalId = physicalIds.get(logicalId);
  if (physicalId === undefined) return unknown;
  const lastPart = physicalId.slice(physicalId.lastIndexOf('/') + 1);
  const arnOf = (service: string, name: string) => `arn:${partition}:${service}:${region}:${account}:${name}`;
  switch (`${body.Resources[logicalId]?.Type}.${attribute}`) {
    case 'AWS::SQS::Queue.Arn':
      return arnOf('sqs', lastPart);
    case 'AWS::SQS::Queue.QueueName':
      return lastPart;
    case 'AWS::Lambda::Function.Arn':
      return arnOf('lambda', `function:${physicalId}`);
    case 'AWS::DynamoDB::Table.Arn':
      return arnOf('dynamodb', `table/${physicalId}`);
    case 'AWS::Events::Rule.Arn':
      return arnOf('events', `rule/${physicalId}`);
    case 'AWS::IAM::Role.Arn': {
      const path = resolve(body.Resources[logicalId]?.Properties?.Path ?? '/', template);
      return typeof path === 'string' ? `arn:${partition}:iam::${account}:role${path}${physicalId}` : unknown;
    }
    default:
      return unknown;
  }
}

function judgeCondition(condition: unknown, template: DeployedTemplate): boolean | typeof unknown {
  const [[key = '', argument] = []] = Object.entries((condition ?? {}) as Record<string, unknown>);
  if (key === 'Condition') return judgeCondition(template.body.Conditions?.[String(argument)], template);
  if (key === 'Fn::Equals') {
    const [left, right] = resolve(argument, template) as unknown[];
    return left === unknown || right === unknown ? unknown : left === right;
  }
  const parts = Array.isArray(argument) ? argument.map((part) => judgeCondition(part, template)) : [];
  if (parts.length === 0 || parts.includes(unknown)) return unknown;
  if (key === 'Fn::Not') return !parts[0];
  if (key === 'Fn::And') return parts.every(Boolean);
  return key === 'Fn::Or' ? parts.some(Boolean) : unknown;
}
