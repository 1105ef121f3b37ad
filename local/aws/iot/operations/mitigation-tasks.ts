import * as z from 'zod/mini';
import type { MitigationExecution, MitigationTask } from '../defender-state';
import { findTask } from '../mitigation-tasks';
import type { IotRegistry } from '../registry';
import {
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readParam,
  readTime,
  routesAt,
  toSeconds,
} from './route';

const Name = z.string().check(z.minLength(1), z.maxLength(128));

const StartTask = z.object({
  target: z.object({
    violationIds: z.exactOptional(z.array(Name).check(z.minLength(1), z.maxLength(25))),
    securityProfileName: z.exactOptional(Name),
    behaviorName: z.exactOptional(Name),
  }),
  actions: z.array(Name).check(z.minLength(1), z.maxLength(5)),
  violationEventOccurrenceRange: z.exactOptional(z.object({ startTime: z.number(), endTime: z.number() })),
  includeOnlyActiveViolations: z._default(z.boolean(), false),
  includeSuppressedAlerts: z._default(z.boolean(), false),
  clientRequestToken: z.string().check(z.minLength(1), z.maxLength(64)),
});

const EXECUTION_FILTERS = ['taskId', 'violationId', 'thingName'] as const;

function startTask(registry: IotRegistry, call: IotCall) {
  const body = readBody(StartTask, call);
  const range = body.violationEventOccurrenceRange;
  const { taskId } = registry.mitigationTasks.start(readParam(call, 'taskId'), {
    target: body.target,
    actions: body.actions,
    ...(range ? { range: { startAt: range.startTime * 1000, endAt: range.endTime * 1000 } } : {}),
    onlyActiveViolations: body.includeOnlyActiveViolations,
    suppressedAlerts: body.includeSuppressedAlerts,
    clientRequestToken: body.clientRequestToken,
  });
  return { taskId };
}

function describeTask(registry: IotRegistry, task: MitigationTask) {
  const { range, endedAt } = task;
  const count = (status: MitigationExecution['status']): number =>
    registry.state.mitigationExecutions.filter(
      (execution) => execution.taskId === task.taskId && execution.status === status,
    ).length;
  return {
    taskId: task.taskId,
    taskStatus: task.status,
    taskStartTime: toSeconds(task.startedAt),
    ...(endedAt === undefined ? {} : { taskEndTime: toSeconds(endedAt) }),
    target: task.target,
    ...(range && {
      violationEventOccurrenceRange: {
        startTime: toSeconds(range.startAt),
        endTime: toSeconds(range.endAt),
      },
    }),
    onlyActiveViolationsIncluded: task.onlyActiveViolations,
    suppressedAlertsIncluded: task.suppressedAlerts,
    actionsDefinition: task.actions.map(({ actionName, actionId, roleArn, actionParams }) => ({
      name: actionName,
      id: actionId,
      roleArn,
      actionParams,
    })),
    taskStatistics: {
      actionsExecuted: count('SUCCESSFUL'),
      actionsSkipped: count('SKIPPED'),
      actionsFailed: count('FAILED'),
    },
  };
}

function listExecutions(registry: IotRegistry, call: IotCall) {
  const startAt = readTime(call, 'startTime') ?? 0;
  const endAt = readTime(call, 'endTime') ?? Number.POSITIVE_INFINITY;
  const executions = registry.state.mitigationExecutions.filter(
    (execution) =>
      execution.startedAt >= startAt &&
      execution.startedAt <= endAt &&
      EXECUTION_FILTERS.every((name) => [null, execution[name]].includes(call.query.get(name))),
  );
  const page = paginate(call, 'token', executions, ({ sequence }) => String(sequence).padStart(9, '0'));
  return {
    actionsExecutions: page.items.map(({ sequence, startedAt, endedAt, ...execution }) => ({
      ...execution,
      executionStartDate: toSeconds(startedAt),
      executionEndDate: toSeconds(endedAt),
    })),
    ...page.next,
  };
}

/** Tasks of Detect. The role of an action is not assumed: its permissions are not checked. */
export function mitigationTaskRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state } = registry;
  const path = '/detect/mitigationactions/tasks';
  const readTaskId = (call: IotCall) => readParam(call, 'taskId');
  const start = routesAt(`${path}/{taskId}`, (call) => {
    const { securityProfileName } = readBody(StartTask, call).target;
    return securityProfileName === undefined
      ? []
      : [state.arns.build('securityprofile', securityProfileName)];
  });
  const task = routesAt(`${path}/{taskId}`);
  return [
    start('StartDetectMitigationActionsTask', 'PUT', (call) => startTask(registry, call)),
    task('DescribeDetectMitigationActionsTask', 'GET', (call) => ({
      taskSummary: describeTask(registry, findTask(state, readTaskId(call))),
    })),
    routesAt('/detect/mitigationactions/executions')('ListDetectMitigationActionsExecutions', 'GET', (call) =>
      listExecutions(registry, call),
    ),
  ];
}
