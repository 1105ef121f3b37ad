import { createHash } from 'node:crypto';
import type { AwsIdentity, LocalLog } from '../../types';
import type { InvokePermission } from '../lambda/definitions';
import { resolveValue } from './intrinsics';
import { openResourceScope, type PlannedResource, planResources } from './plan';
import { findResourceType } from './resources/catalog';
import type {
  CreatedResource,
  ResourceContext,
  StackClients,
  StackHooks,
  StackRecords,
} from './resources/resource-type';
import { openScope, type Template, TemplateError, type TemplateScope } from './template';

interface StackProgress {
  readonly logicalId: string;
  readonly type: string;
  readonly done: number;
  readonly total: number;
}

export interface DeploySettings {
  readonly template: Template;
  readonly parameters: Readonly<Record<string, string>>;
  readonly identity: AwsIdentity;
  readonly stackName: string;
  /** The folder in which `sls package` left the packages that the template names by their S3 key. */
  readonly artifactsDirectory: string;
  readonly clients: StackClients;
  readonly hooks: StackHooks;
  readonly log: LocalLog;
  readonly onProgress?: (progress: StackProgress) => void;
  /** AWS waits an hour for a custom resource, which is too long at a terminal. */
  readonly customResourceTimeoutMs?: number;
}

interface DeployedResource extends CreatedResource {
  readonly type: string;
}

export interface DeployedStack {
  /** Its ARN. */
  readonly id: string;
  readonly resources: Readonly<Record<string, DeployedResource>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly permissions: readonly InvokePermission[];
}

/**
 * Creates what a packaged template describes. Everything that cannot work is found before the first resource is made
 * and thrown as one TemplateError; there is no rollback, because a local stack that failed to start is thrown away.
 */
export async function deployTemplate(settings: DeploySettings): Promise<DeployedStack> {
  const { template, identity, stackName } = settings;
  const stackId = `arn:${identity.partition}:cloudformation:${identity.region}:${identity.accountId}:stack/${stackName}/${crypto.randomUUID()}`;
  const problems: string[] = [];
  const scope = openScope(template, settings.parameters, { identity, stackName, stackId }, problems);
  const planned = planResources(template, scope, findResourceType, problems);
  if (problems.length > 0) throw new TemplateError(problems);

  const created = new Map<string, CreatedResource>();
  const checks: (() => string | undefined)[] = [];
  const records = createRecords();
  await createInOrder(planned, async (resource) => {
    const context = createContext(resource, settings, stackId, records, checks);
    created.set(resource.logicalId, await createResource(resource, settings, scope, created, context));
    const { logicalId, template: source } = resource;
    settings.onProgress?.({ logicalId, type: source.Type, done: created.size, total: planned.length });
  });
  const found = checks.flatMap((check) => check() ?? []);
  if (found.length > 0) throw new TemplateError(found);
  const resources = planned.map(({ logicalId, template: { Type: type } }) => {
    const { physicalId = '', attributes = {} } = created.get(logicalId) ?? {};
    return [logicalId, { type, physicalId, attributes }] as const;
  });
  const { permissions } = records;
  return {
    id: stackId,
    resources: Object.fromEntries(resources),
    outputs: resolveOutputs(settings, scope, created),
    permissions,
  };
}

/** Creates each resource as soon as those it depends on exist; after the first failure nothing new is begun. */
async function createInOrder(
  planned: readonly PlannedResource[],
  create: (resource: PlannedResource) => Promise<void>,
): Promise<void> {
  const byId = new Map(planned.map((resource) => [resource.logicalId, resource]));
  const begun = new Map<string, Promise<boolean>>();
  const problems: string[] = [];

  async function run(resource: PlannedResource): Promise<boolean> {
    const required = [...resource.dependsOn].flatMap((logicalId) => byId.get(logicalId) ?? []);
    const ready = await Promise.all(required.map(begin));
    if (problems.length > 0 || ready.includes(false)) return false;
    try {
      await create(resource);
      return true;
    } catch (error) {
      problems.push(describeFailure(resource, error));
      return false;
    }
  }

  function begin(resource: PlannedResource): Promise<boolean> {
    const running = begun.get(resource.logicalId) ?? run(resource);
    begun.set(resource.logicalId, running);
    return running;
  }

  await Promise.all(planned.map(begin));
  if (problems.length > 0) throw new TemplateError(problems);
}

function describeFailure({ logicalId, template }: PlannedResource, error: unknown): string {
  if (error instanceof TemplateError) return error.message;
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const reason = message.startsWith(`${logicalId}: `) ? message.slice(logicalId.length + 2) : message;
  return `${logicalId} (${template.Type}): ${name === 'Error' ? '' : `${name}: `}${reason}`;
}

function createResource(
  { logicalId, template: source, type }: PlannedResource,
  { template }: DeploySettings,
  scope: TemplateScope,
  created: ReadonlyMap<string, CreatedResource>,
  context: ResourceContext,
): Promise<CreatedResource> {
  const problems: string[] = [];
  const report = (path: string, message: string) => {
    problems.push(`${logicalId} (${source.Type}): ${path}: ${message}`);
  };
  const resourceScope = openResourceScope(template, scope, created, report);
  const properties = resolveValue(source.Properties ?? {}, 'Properties', resourceScope);
  // Checks values that were unknown before, because they come from another resource.
  for (const problem of type.check(properties)) problems.push(`${logicalId} (${source.Type}): ${problem}`);
  if (problems.length > 0) throw new TemplateError(problems);
  return type.create(properties, context);
}

function createContext(
  { logicalId, template }: PlannedResource,
  settings: DeploySettings,
  stackId: string,
  records: StackRecords,
  checks: (() => string | undefined)[],
): ResourceContext {
  const { stackName, identity, artifactsDirectory, clients, hooks, log } = settings;
  return {
    logicalId,
    resourceType: template.Type,
    stackName,
    stackId,
    identity,
    artifactsDirectory,
    clients,
    hooks,
    records,
    log,
    customResourceTimeoutMs: settings.customResourceTimeoutMs ?? 30_000,
    generateName: () => {
      const suffix = createHash('sha256').update(`${stackName}/${logicalId}`).digest('hex').slice(0, 12);
      // The shortest limit is that of a function or role name: 64.
      return `${`${stackName}-${logicalId}`.slice(0, 51)}-${suffix.toUpperCase()}`;
    },
    verifyLater: (check) => {
      checks.push(() => {
        const problem = check();
        return problem && `${logicalId} (${template.Type}): ${problem}`;
      });
    },
  };
}

function createRecords(): StackRecords {
  return {
    roles: new Map(),
    managedPolicies: new Map(),
    functions: new Map(),
    permissions: [],
    stages: new Set(),
    authorizers: new Map(),
    integrations: new Map(),
    queuePolicies: [],
    topicPolicies: [],
  };
}

function resolveOutputs(
  { template }: DeploySettings,
  scope: TemplateScope,
  created: ReadonlyMap<string, CreatedResource>,
): Record<string, string> {
  const problems: string[] = [];
  const report = (path: string, message: string) => {
    problems.push(`${path}: ${message}`);
  };
  const outputScope = openResourceScope(template, scope, created, report);
  const active = Object.entries(template.Outputs ?? {}).filter(
    ([, { Condition }]) => Condition === undefined || scope.conditions[Condition] === true,
  );
  const entries = active.map(([name, { Value }]) => [
    name,
    String(resolveValue(Value, `Outputs.${name}`, outputScope)),
  ]);
  if (problems.length > 0) throw new TemplateError(problems);
  return Object.fromEntries(entries);
}
