import type {
  MitigationAction,
  MitigationExecution,
  MitigationTarget,
  MitigationTask,
  Violation,
} from './defender-state';
import { IotServiceError, invalid, notFound } from './errors';
import type { GroupStore } from './groups';
import { requireName } from './names';
import type { IotState } from './state';

/** Quota of the General Reference: Detect mitigation tasks at once. */
const MAX_RUNNING = 5;

interface TaskRequest {
  readonly target: MitigationTarget;
  /** Names of mitigation actions, performed in this order. */
  readonly actions: readonly string[];
  readonly range?: { readonly startAt: number; readonly endAt: number };
  readonly onlyActiveViolations: boolean;
  readonly suppressedAlerts: boolean;
  readonly clientRequestToken: string;
}

type Outcome = Pick<MitigationExecution, 'status' | 'errorCode' | 'message'>;

/** Tasks that perform mitigation actions on the things of violations. */
export interface MitigationTaskStore {
  start(taskId: string, request: TaskRequest): MitigationTask;
}

export function findTask(state: IotState, taskId: string): MitigationTask {
  const task = state.mitigationTasks.get(taskId);
  if (!task) throw notFound(`Mitigation actions task ${taskId} cannot be found.`);
  return task;
}

/** The groups an action adds things to; undefined for the kinds that only Audit has. */
function readGroupNames({ actionParams }: MitigationAction): readonly string[] | undefined {
  const params = actionParams.addThingsToThingGroupParams as { thingGroupNames?: unknown } | undefined;
  const names = params?.thingGroupNames;
  const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
  return isList ? names : undefined;
}

function findActions(state: IotState, names: readonly string[]): readonly MitigationAction[] {
  return names.map((name) => {
    const action = state.mitigationActions.get(name);
    // The operation models no ResourceNotFoundException.
    if (!action) throw invalid(`Mitigation action ${name} cannot be found.`);
    if (!readGroupNames(action))
      throw invalid(`Mitigation action ${name} does not apply to Detect findings.`);
    return action;
  });
}

function checkTarget({ violationIds, securityProfileName, behaviorName }: MitigationTarget): void {
  const isByProfile = securityProfileName !== undefined;
  if ((violationIds !== undefined) === isByProfile || (behaviorName !== undefined && !isByProfile)) {
    throw invalid('The target is either violationIds or securityProfileName with an optional behaviorName.');
  }
}

function startTask(state: IotState, taskId: string, request: TaskRequest): MitigationTask {
  requireName('taskId', taskId);
  checkTarget(request.target);
  const { actions: names, range, ...rest } = request;
  if (range && range.startAt > range.endAt) throw invalid('startTime is after endTime.');
  const tasks = [...state.mitigationTasks.values()];
  // "If you try to create a new task with the same token as a task that already exists, an exception occurs" (API reference).
  if (
    tasks.some((task) => task.taskId === taskId || task.clientRequestToken === request.clientRequestToken)
  ) {
    throw new IotServiceError(
      'TaskAlreadyExistsException',
      `The task ${taskId} or its token already exists.`,
    );
  }
  const actions = findActions(state, names);
  if (tasks.filter(({ status }) => status === 'IN_PROGRESS').length >= MAX_RUNNING) {
    throw new IotServiceError('LimitExceededException', `At most ${MAX_RUNNING} tasks at once.`);
  }
  const task: MitigationTask = {
    taskId,
    status: 'IN_PROGRESS',
    ...rest,
    ...(range ? { range } : {}),
    actions,
    startedAt: state.now(),
  };
  state.mitigationTasks.set(taskId, task);
  state.changed();
  return task;
}

function findViolations(state: IotState, task: MitigationTask): readonly Violation[] {
  const { violationIds, securityProfileName, behaviorName } = task.target;
  const isInRange = ({ violationId }: Violation): boolean => {
    const { range } = task;
    if (!range) return true;
    return state.violationEvents.some(
      (event) =>
        event.violationId === violationId &&
        event.occurredAt >= range.startAt &&
        event.occurredAt <= range.endAt,
    );
  };
  return [...state.violations.values()].filter(
    (violation) =>
      (violationIds?.includes(violation.violationId) ??
        (violation.securityProfileName === securityProfileName &&
          (behaviorName === undefined || violation.behavior.name === behaviorName))) &&
      (!task.onlyActiveViolations || violation.endedAt === undefined) &&
      (task.suppressedAlerts || violation.behavior.suppressAlerts !== true) &&
      isInRange(violation),
  );
}

function performAction(groups: GroupStore, action: MitigationAction, thingName: string): Outcome {
  try {
    groups.updateMembership(thingName, { add: readGroupNames(action) ?? [], remove: [] });
    return { status: 'SUCCESSFUL' };
  } catch (error) {
    if (!(error instanceof IotServiceError)) throw error;
    return { status: 'FAILED', errorCode: error.name, message: error.message };
  }
}

/** Several actions run in order, and after one that failed the rest are skipped (developer guide). */
function mitigate(state: IotState, groups: GroupStore, task: MitigationTask, violation: Violation): boolean {
  let hasFailed = false;
  for (const action of task.actions) {
    const startedAt = state.now();
    const outcome: Outcome = hasFailed
      ? { status: 'SKIPPED' }
      : performAction(groups, action, violation.thingName);
    hasFailed ||= outcome.status === 'FAILED';
    state.mitigationExecutions.push({
      sequence: state.mitigationExecutions.length,
      taskId: task.taskId,
      violationId: violation.violationId,
      actionName: action.actionName,
      thingName: violation.thingName,
      ...outcome,
      startedAt,
      endedAt: state.now(),
    });
  }
  return !hasFailed;
}

/** A task without a matching violation succeeds all the same; that a failed action fails its task is our reading. */
function performTask(state: IotState, groups: GroupStore, taskId: string): void {
  const task = state.mitigationTasks.get(taskId);
  if (task?.status !== 'IN_PROGRESS') return;
  const results = findViolations(state, task).map((violation) => mitigate(state, groups, task, violation));
  const status = results.every(Boolean) ? 'SUCCESSFUL' : 'FAILED';
  state.mitigationTasks.set(taskId, { ...task, status, endedAt: state.now() });
  state.changed();
  state.log.info('mitigation task performed', { taskId, status, violations: results.length });
}

export function createMitigationTaskStore(
  state: IotState,
  groups: GroupStore,
  runTask: (perform: () => void) => void,
): MitigationTaskStore {
  return {
    start(taskId, request) {
      const task = startTask(state, taskId, request);
      runTask(() => performTask(state, groups, taskId));
      return task;
    },
  };
}
