import type { ActionDescriptor } from './descriptor';

interface DetectMitigationTaskPrior {
  readonly action: 'detect-mitigation-task';
  readonly taskId: string;
  readonly violationIds: readonly string[];
}

/** The most violations of a task (API reference, StartDetectMitigationActionsTask). */
const maxViolations = 25;

export const detectMitigationTask: ActionDescriptor<DetectMitigationTaskPrior> = {
  words: {
    does: "has Device Defender quarantine the thing for Device Defender's violations",
    release: 'nothing more: leaving the quarantine group undoes it',
  },
  means: 'none',
  needsNaming: true,
  findPrior: ({ run, violationIds }) => ({
    action: 'detect-mitigation-task',
    taskId: `cordon-${run}`,
    violationIds: violationIds.slice(0, maxViolations),
  }),
  details: {
    'no-violation': () => 'there is no violation to start a task for',
    started: (taskId) => `task ${taskId} started`,
    executed: (taskId, executed) => `task ${taskId}: ${executed} executed`,
    status: (taskId, status, executed, failed) =>
      `task ${taskId} is ${status}: ${executed} executed, ${failed} failed`,
    'no-undo': () => 'a task has no undo of its own: leaving the quarantine group undoes it',
  },
  // With both detectors, Cordon's alert comes minutes earlier, when Device Defender has no violation for which a task
  // could start.
  obstacle: {
    stands: ({ violationIds }) => violationIds.length === 0,
    words: 'no task: Device Defender has no violation of it',
  },
  findFault({ detector, actions, all }) {
    // If the task is in `actions`, quarantine must be there too. A quarantine that only the escalation adds finds the
    // thing in the group already, and its release would leave it there.
    const undone =
      actions.includes('quarantine') ||
      (!actions.includes('detect-mitigation-task') && all.includes('quarantine'));
    return detector === 'cordon' || !undone
      ? 'detect-mitigation-task needs detector device-defender or both, and quarantine to be undone by'
      : undefined;
  },
  listRestored: () => [
    { object: 'mitigation task', name: 'Device Defender', now: 'done', before: 'what the task allows' },
  ],
};
