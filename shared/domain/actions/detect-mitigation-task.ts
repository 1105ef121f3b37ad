import type { ActionDescriptor } from './descriptor';

interface DetectMitigationTaskPrior {
  readonly action: 'detect-mitigation-task';
  readonly taskId: string;
  readonly violationIds: readonly string[];
}

/** As many violations as a task takes (API reference, StartDetectMitigationActionsTask). */
const maxViolations = 25;

export const detectMitigationTask: ActionDescriptor<DetectMitigationTaskPrior> = {
  means: 'none',
  findPrior: ({ caseId, violationIds }) => ({
    action: 'detect-mitigation-task',
    taskId: `cordon-${caseId}`,
    violationIds: violationIds.slice(0, maxViolations),
  }),
  // Where both detectors run, Cordon's is minutes ahead: there is nothing yet that a task could be started for.
  findObstacle: ({ violationIds }) =>
    violationIds.length === 0 ? 'no task: Device Defender has no violation of it' : undefined,
  findFault({ detector, actions, all }) {
    // Alone, and once escalated: an escalation's quarantine finds the thing where the task has put it.
    const undone =
      actions.includes('quarantine') ||
      (!actions.includes('detect-mitigation-task') && all.includes('quarantine'));
    return detector === 'cordon' || !undone
      ? 'detect-mitigation-task needs detector device-defender or both, and quarantine to be undone by'
      : undefined;
  },
};
