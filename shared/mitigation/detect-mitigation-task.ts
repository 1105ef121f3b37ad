import type { MitigationAction, PriorOf } from './action';

/** Lets Device Defender itself put the thing into the quarantine group. Only for its own violations. */
export const detectMitigationTask: MitigationAction<PriorOf<'detect-mitigation-task'>> = {
  rights: () => ({
    whenNamed: [
      {
        actions: ['iot:StartDetectMitigationActionsTask', 'iot:DescribeDetectMitigationActionsTask'],
        // IAM knows a security profile as resource only where the task names one; ours name violations.
        resources: ['*'],
      },
    ],
  }),

  async apply({ taskId, violationIds }, { defender }) {
    if (violationIds.length === 0)
      return { result: 'refused', detail: 'there is no violation to start a task for' };
    await defender.startTask(taskId, violationIds);
    return { result: 'done', detail: `task ${taskId} started` };
  },

  async verify({ taskId }, { defender }) {
    const { status, executed, failed } = await defender.describeTask(taskId);
    // SUCCESSFUL with nothing executed is what Device Defender says of a task that did nothing (developer guide's sample).
    if (status === 'SUCCESSFUL' && executed > 0 && failed === 0)
      return { result: 'done', detail: `task ${taskId}: ${executed} executed` };
    return {
      result: 'unverified',
      detail: `task ${taskId} is ${status}: ${executed} executed, ${failed} failed`,
    };
  },

  async revert() {
    return {
      result: 'done',
      detail: 'a task has no undo of its own: leaving the quarantine group undoes it',
    };
  },
};
