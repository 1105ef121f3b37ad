import { randomUUID } from 'node:crypto';
import * as z from 'zod/mini';
import type { AuditConfiguration } from '../defender-state';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import { creationKey, type IotCall, type IotRoute, paginate, readBody, routesAt, toSeconds } from './route';

const TaskId = z.string().check(z.regex(/^[a-zA-Z0-9-]{1,40}$/));
const Arn = z.string().check(z.minLength(20), z.maxLength(2048));

const ListFindings = z.object({
  taskId: z.exactOptional(TaskId),
  checkName: z.exactOptional(z.string()),
  maxResults: z.exactOptional(z.int().check(z.minimum(1), z.maximum(250))),
  nextToken: z.exactOptional(z.string()),
  startTime: z.exactOptional(z.number()),
  endTime: z.exactOptional(z.number()),
  listSuppressedFindings: z.exactOptional(z.boolean()),
});

/** Either of one task, or of a range of time (API reference). A task that never was has no findings: no error is modeled. */
function listFindings(registry: IotRegistry, call: IotCall) {
  const { taskId, checkName, startTime, endTime, ...body } = readBody(ListFindings, call);
  const hasRange = startTime !== undefined && endTime !== undefined;
  const isMixed = taskId !== undefined && (startTime !== undefined || endTime !== undefined);
  if (isMixed || (taskId === undefined && !hasRange))
    throw invalid('Specify either the taskId or the startTime and endTime, but not both.');
  const isInRange = (at: number) => !hasRange || (at >= startTime * 1_000 && at <= endTime * 1_000);
  const found = registry.state.auditFindings.filter(
    (finding) =>
      (taskId === undefined || finding.taskId === taskId) &&
      (checkName === undefined || finding.checkName === checkName) &&
      (body.listSuppressedFindings === undefined || finding.isSuppressed === body.listSuppressedFindings) &&
      isInRange(finding.foundAt),
  );
  const query = new URLSearchParams();
  if (body.maxResults !== undefined) query.set('maxResults', String(body.maxResults));
  if (body.nextToken !== undefined) query.set('nextToken', body.nextToken);
  const page = paginate({ ...call, query }, 'token', found, ({ foundAt, findingId }) =>
    creationKey(foundAt, findingId),
  );
  return {
    findings: page.items.map(({ taskStartedAt, foundAt, ...finding }) => ({
      ...finding,
      taskStartTime: toSeconds(taskStartedAt),
      findingTime: toSeconds(foundAt),
    })),
    ...page.next,
  };
}

const Configuration = z.object({
  roleArn: z.exactOptional(Arn),
  auditNotificationTargetConfigurations: z.exactOptional(
    z.strictObject({
      SNS: z.exactOptional(
        z.object({
          targetArn: z.exactOptional(z.string().check(z.maxLength(2048))),
          roleArn: z.exactOptional(Arn),
          enabled: z.exactOptional(z.boolean()),
        }),
      ),
    }),
  ),
  auditCheckConfigurations: z.exactOptional(
    z.record(z.string(), z.object({ enabled: z.exactOptional(z.boolean()) })),
  ),
});

const empty: AuditConfiguration = {
  auditNotificationTargetConfigurations: {},
  auditCheckConfigurations: {},
};

/** The first call must name the role and an enabled check; settings that a later call leaves out stay (API reference). */
function configure(registry: IotRegistry, call: IotCall): void {
  const { state } = registry;
  const body = readBody(Configuration, call);
  const before = state.auditConfiguration.get('account') ?? empty;
  const next: AuditConfiguration = {
    ...before,
    ...(body.roleArn !== undefined && { roleArn: body.roleArn }),
    auditNotificationTargetConfigurations: {
      ...before.auditNotificationTargetConfigurations,
      ...body.auditNotificationTargetConfigurations,
    },
    auditCheckConfigurations: { ...before.auditCheckConfigurations, ...body.auditCheckConfigurations },
  };
  const isAnyEnabled = Object.values(next.auditCheckConfigurations).some(
    (check) => (check as { enabled?: boolean }).enabled === true,
  );
  if (before.roleArn === undefined && (next.roleArn === undefined || !isAnyEnabled))
    throw invalid('The first call must specify roleArn and at least one enabled check.');
  const inUse = [...state.scheduledAudits.values()].flatMap(({ targetCheckNames }) => targetCheckNames);
  const disabled = Object.entries(body.auditCheckConfigurations ?? {}).find(
    ([name, { enabled }]) => enabled === false && inUse.includes(name),
  );
  if (disabled) throw invalid(`${disabled[0]} is used by a scheduled audit.`);
  state.auditConfiguration.set('account', next);
  state.changed();
}

/** What a test states. */
export const AuditFinding = z.object({
  taskId: TaskId,
  checkName: z.string().check(z.minLength(1)),
  severity: z.enum(['CRITICAL', 'HIGH', 'MEDIUM', 'LOW']),
  resourceType: z.string(),
  resourceIdentifier: z.record(z.string(), z.unknown()),
  relatedResources: z._default(z.array(z.record(z.string(), z.unknown())), []),
  reasonForNonCompliance: z._default(z.string(), ''),
  isSuppressed: z._default(z.boolean(), false),
});

export function setAuditFinding(registry: IotRegistry, input: z.output<typeof AuditFinding>) {
  const { state } = registry;
  const { resourceType, resourceIdentifier, ...rest } = input;
  const at = state.now();
  const nonCompliantResource = { resourceType, resourceIdentifier };
  const finding = { ...rest, nonCompliantResource, findingId: randomUUID(), taskStartedAt: at, foundAt: at };
  state.auditFindings.push(finding);
  state.changed();
  return finding;
}

/**
 * Nothing is audited: a test sets the findings with `POST /_cordon/audit-findings`. IAM has no resource type for this.
 */
export function auditRoutes(registry: IotRegistry): readonly IotRoute[] {
  const configuration = routesAt('/audit/configuration');
  return [
    routesAt('/audit/findings')('ListAuditFindings', 'POST', (call) => listFindings(registry, call)),
    configuration('DescribeAccountAuditConfiguration', 'GET', () => ({
      ...(registry.state.auditConfiguration.get('account') ?? empty),
    })),
    configuration('UpdateAccountAuditConfiguration', 'PATCH', (call) => configure(registry, call)),
  ];
}
