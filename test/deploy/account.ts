import { randomUUID } from 'node:crypto';
import { namePropertyOf } from '../../local/aws/cloudformation/limits';
import { findParameterProblem } from '../../local/aws/cloudformation/parameters';
import { planResources } from '../../local/aws/cloudformation/plan';
import { findResourceType } from '../../local/aws/cloudformation/resources/catalog';
import { findTemplateFaults, maxInlineBytes, maxTemplateBytes } from '../../local/aws/cloudformation/rules';
import { openScope, type Template } from '../../local/aws/cloudformation/template';

/** An answer of CloudFormation that is no success. */
export class AwsFault extends Error {
  readonly code: string;
  constructor(code: string, message: string) {
    super(message);
    this.name = 'AwsFault';
    this.code = code;
  }
}

const invalid = (message: string) => new AwsFault('ValidationError', message);

export interface GivenParameter {
  readonly ParameterKey: string;
  readonly ParameterValue?: string;
  readonly UsePreviousValue?: string;
}

export interface Made {
  readonly logicalId: string;
  readonly type: string;
  readonly name: string;
  readonly deletionPolicy: string;
}

interface StackEvent {
  readonly id: string;
  readonly logicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
}

export interface Stack {
  readonly name: string;
  readonly id: string;
  status: string;
  template: Template | undefined;
  parameters: Readonly<Record<string, string>>;
  resources: readonly Made[];
  /** Newest last. */
  readonly events: StackEvent[];
}

export interface Request {
  readonly stackName: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly body?: string;
  readonly url?: string;
  readonly parameters: readonly GivenParameter[];
  readonly capabilities: readonly string[];
  readonly importExisting?: boolean;
}

interface Change {
  readonly template: Template;
  readonly parameters: Readonly<Record<string, string>>;
  readonly resources: readonly Made[];
  readonly importExisting: boolean;
}

export const account = { partition: 'aws', accountId: '000000000000', region: 'us-east-1' } as const;

/** One account and region: its stacks, and what each made, which holds its name. */
export function openAccount(readObject: (url: string) => string | undefined) {
  const stacks = new Map<string, Stack>();
  const taken = new Map<string, Made>();
  /** Logical ids that can't be made for once. */
  const broken = new Set<string>();

  function find(nameOrId: string): Stack {
    const stack = [...stacks.values()].find(({ name, id }) => name === nameOrId || id === nameOrId);
    if (!stack) throw invalid(`Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  /** After a failed creation or deletion, a stack can only be deleted (stack status codes). */
  function findUpdatable(name: string): Stack {
    const stack = find(name);
    if (!/^((CREATE|UPDATE|IMPORT)_COMPLETE|(UPDATE|IMPORT)_ROLLBACK_COMPLETE)$/.test(stack.status))
      throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
    return stack;
  }

  function newId(name: string): string {
    const { partition, region, accountId } = account;
    return `arn:${partition}:cloudformation:${region}:${accountId}:stack/${name}/${randomUUID()}`;
  }

  /** The checks that CloudFormation makes before it changes anything. */
  function check(request: Request): Change {
    const template = readTemplate(request, readObject);
    const stack = stacks.get(request.stackName);
    const parameters = takeParameters(template, request, stack?.parameters ?? {});
    const problems: string[] = [];
    const { stackName } = request;
    const id = { identity: account, stackName, stackId: stack?.id ?? newId(stackName) };
    const scope = openScope(template, parameters, id, problems);
    const planned = planResources(template, scope, findResourceType, problems);
    if (problems.length > 0) throw invalid(`Template format error: ${problems.join('; ')}`);
    checkCapabilities(template, request.capabilities);
    const resources = orderByNeed(planned).map(
      ({ logicalId, template: { Type, Properties, DeletionPolicy } }) => {
        const name = Properties?.[namePropertyOf(Type) ?? ''];
        return {
          logicalId,
          type: Type,
          name: typeof name === 'string' ? name : `${request.stackName}-${logicalId}-${randomUUID()}`,
          deletionPolicy: DeletionPolicy ?? 'Delete',
        };
      },
    );
    return { template, parameters, resources, importExisting: request.importExisting ?? false };
  }

  function addEvent(stack: Stack, status: string, made?: Made, reason?: string): void {
    const of = made ?? { logicalId: stack.name, type: 'AWS::CloudFormation::Stack' };
    stack.events.push({
      id: randomUUID(),
      logicalId: of.logicalId,
      type: of.type,
      status,
      ...(reason !== undefined && { reason }),
    });
    if (!made) stack.status = status;
  }

  /**
   * Whether a change set with ImportExistingResources imports the existing resource (import-resources-automatically).
   * The template must name it and retain it, and no other stack may own it.
   */
  function canImport({ type, name, deletionPolicy }: Made): boolean {
    const owned = [...stacks.values()].flatMap(({ resources }) => resources);
    return (
      ['Retain', 'RetainExceptOnCreate'].includes(deletionPolicy) &&
      taken.has(`${type} ${name}`) &&
      !owned.some((other) => other.type === type && other.name === name)
    );
  }

  function make(stack: Stack, made: Made, importExisting: boolean): 'made' | 'imported' {
    if (importExisting && canImport(made)) {
      addEvent(stack, 'IMPORT_COMPLETE', made);
      return 'imported';
    }
    const key = `${made.type} ${made.name}`;
    const fault = broken.delete(made.logicalId)
      ? 'Internal Failure'
      : taken.has(key) && `${made.name} already exists`;
    if (fault) {
      addEvent(stack, 'CREATE_FAILED', made, `Resource handler returned message: "${fault}"`);
      throw new Error(fault);
    }
    taken.set(key, made);
    addEvent(stack, 'CREATE_COMPLETE', made);
    return 'made';
  }

  function remove(stack: Stack, made: Made, keeps: readonly string[]): void {
    const isKept = keeps.includes(made.deletionPolicy);
    if (!isKept) taken.delete(`${made.type} ${made.name}`);
    addEvent(stack, isKept ? 'DELETE_SKIPPED' : 'DELETE_COMPLETE', made);
  }

  /**
   * Creates the new resources, then deletes the old ones. After a failure, it undoes the creations of this operation.
   */
  function execute(
    stack: Stack,
    kind: 'CREATE' | 'UPDATE',
    { template, parameters, resources, importExisting }: Change,
  ): void {
    addEvent(stack, `${kind}_IN_PROGRESS`);
    const before = new Map(stack.resources.map((made) => [made.logicalId, made]));
    const made: Made[] = [];
    try {
      for (const resource of resources) {
        const old = before.get(resource.logicalId);
        const isSame = old?.type === resource.type && keepsName(old.name, resource.name, stack.name);
        if (isSame) continue;
        if (make(stack, resource, importExisting) === 'made') made.push(resource);
      }
    } catch {
      addEvent(stack, `${kind === 'CREATE' ? '' : 'UPDATE_'}ROLLBACK_IN_PROGRESS`);
      // Retain keeps what a rolled-back creation made; RetainExceptOnCreate doesn't (DeletionPolicy attribute).
      for (const resource of made.toReversed()) remove(stack, resource, ['Retain']);
      addEvent(stack, `${kind === 'CREATE' ? '' : 'UPDATE_'}ROLLBACK_COMPLETE`);
      return;
    }
    const now = resources.map((resource) => {
      const old = before.get(resource.logicalId);
      return old?.type === resource.type && !made.includes(resource)
        ? { ...resource, name: old.name }
        : resource;
    });
    for (const old of stack.resources)
      if (!now.some(({ logicalId, name }) => logicalId === old.logicalId && name === old.name))
        remove(stack, old, ['Retain', 'RetainExceptOnCreate']);
    Object.assign(stack, { template, parameters, resources: now });
    addEvent(stack, `${kind}_COMPLETE`);
  }

  return {
    stacks,
    taken,
    broken,
    find,
    findUpdatable,
    check,
    execute,
    validate: (request: Pick<Request, 'body' | 'url'>) => readTemplate(request, readObject),

    open(request: Request): Stack {
      const there = stacks.get(request.stackName);
      if (request.kind === 'UPDATE') return findUpdatable(request.stackName);
      if (there && there.status !== 'REVIEW_IN_PROGRESS')
        throw new AwsFault('AlreadyExistsException', `Stack [${request.stackName}] already exists`);
      const stack: Stack = {
        name: request.stackName,
        id: newId(request.stackName),
        status: 'REVIEW_IN_PROGRESS',
        template: undefined,
        parameters: {},
        resources: [],
        events: [],
      };
      stacks.set(stack.name, stack);
      return stack;
    },

    delete(stack: Stack): void {
      addEvent(stack, 'DELETE_IN_PROGRESS');
      for (const made of stack.resources.toReversed())
        remove(stack, made, ['Retain', 'RetainExceptOnCreate']);
      addEvent(stack, 'DELETE_COMPLETE');
      stacks.delete(stack.name);
    },
  };
}

export type Account = ReturnType<typeof openAccount>;

/** A name that CloudFormation gave stays, although it would choose another one now. */
function keepsName(old: string, next: string, stackName: string): boolean {
  const given = /-[0-9a-f]{8}-[0-9a-f-]{27}$/;
  return old === next || (given.test(old) && given.test(next) && old.startsWith(stackName));
}

function readTemplate(
  { body, url }: Pick<Request, 'body' | 'url'>,
  readObject: (url: string) => string | undefined,
): Template {
  if ((body === undefined) === (url === undefined))
    throw invalid('Either Template URL or Template Body must be specified.');
  if (body !== undefined && Buffer.byteLength(body) > maxInlineBytes)
    throw invalid(
      `1 validation error detected: Value at 'templateBody' failed to satisfy constraint: Member must have length less than or equal to ${maxInlineBytes}`,
    );
  const text = body ?? readObject(url ?? '');
  if (text === undefined) throw invalid('S3 error: The specified key does not exist.');
  if (Buffer.byteLength(text) > maxTemplateBytes)
    throw invalid(`Template may not exceed ${maxTemplateBytes} bytes in size.`);
  let template: unknown;
  try {
    template = JSON.parse(text);
  } catch {
    throw invalid('Template format error: JSON not well-formed.');
  }
  const [fault] = findTemplateFaults(template);
  if (fault) throw invalid(fault);
  return template as Template;
}

/** The value of each parameter: given, as before, or its Default. */
function takeParameters(
  { Parameters = {} }: Template,
  { parameters, kind }: Request,
  before: Readonly<Record<string, string>>,
): Record<string, string> {
  const keys = parameters.map(({ ParameterKey }) => ParameterKey);
  if (keys.length > 0 && Object.keys(Parameters).length === 0)
    throw invalid(
      `Parameter values specified for a template which does not require them: [${keys.join(', ')}]`,
    );
  const unknown = keys.filter((key) => !Object.hasOwn(Parameters, key));
  if (unknown.length > 0) throw invalid(`Parameters: [${unknown.join(', ')}] do not exist in the template`);
  const twice = keys.filter((key, index) => keys.indexOf(key) !== index);
  if (twice.length > 0) throw invalid(`Parameters: [${twice.join(', ')}] are given more than once`);
  const values: Record<string, string> = {};
  for (const { ParameterKey, ParameterValue, UsePreviousValue } of parameters) {
    if (UsePreviousValue === 'true') {
      if (kind === 'CREATE' || before[ParameterKey] === undefined || ParameterValue !== undefined)
        throw invalid(
          `Invalid input for parameter key ${ParameterKey}. Cannot specify usePreviousValue as true`,
        );
      values[ParameterKey] = before[ParameterKey];
    } else if (ParameterValue !== undefined) values[ParameterKey] = ParameterValue;
  }
  const missing = Object.entries(Parameters).filter(
    ([name, { Default }]) => values[name] === undefined && Default === undefined,
  );
  if (missing.length > 0)
    throw invalid(`Parameters: [${missing.map(([name]) => name).join(', ')}] must have values`);
  for (const [name, value] of Object.entries(values)) {
    const parameter = Parameters[name];
    const problem = parameter && findParameterProblem(parameter, value);
    if (problem) throw invalid(`Parameter '${name}' ${problem}`);
  }
  return values;
}

function checkCapabilities({ Resources }: Template, given: readonly string[]): void {
  const iam = Object.values(Resources).filter(({ Type }) => Type.startsWith('AWS::IAM::'));
  const isNamed = iam.some(({ Properties = {} }) =>
    ['RoleName', 'PolicyName', 'ManagedPolicyName', 'UserName', 'GroupName', 'InstanceProfileName'].some(
      (name) => Object.hasOwn(Properties, name),
    ),
  );
  const needed = isNamed ? 'CAPABILITY_NAMED_IAM' : 'CAPABILITY_IAM';
  if (iam.length > 0 && !given.includes(needed) && !given.includes('CAPABILITY_NAMED_IAM'))
    throw new AwsFault('InsufficientCapabilitiesException', `Requires capabilities : [${needed}]`);
}

/** The resources in an order in which each follows all that it depends on. */
function orderByNeed<T extends { readonly logicalId: string; readonly dependsOn: ReadonlySet<string> }>(
  planned: readonly T[],
): T[] {
  const ordered = new Map<string, T>();
  const byId = new Map(planned.map((resource) => [resource.logicalId, resource]));
  const add = (resource: T) => {
    if (ordered.has(resource.logicalId)) return;
    for (const id of resource.dependsOn) {
      const needed = byId.get(id);
      if (needed) add(needed);
    }
    ordered.set(resource.logicalId, resource);
  };
  planned.forEach(add);
  return [...ordered.values()];
}
