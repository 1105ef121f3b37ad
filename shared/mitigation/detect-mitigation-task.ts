import { done, type MitigationAction, ownDetail, type PriorOf, unverified } from './action';

const name = 'detect-mitigation-task';

/** Lets Device Defender itself put the thing into the quarantine group. Only for its own violations. */
export const detectMitigationTask: MitigationAction<PriorOf<'detect-mitigation-task'>> = {
  rights: () => ({
    whenNamed: [
      {
        actions: ['iot:StartDetectMitigationActionsTask', 'iot:DescribeDetectMitigationActionsTask'],
        // IAM knows a security profile as resource only if the task names one; ours name violations.
        resources: ['*'],
      },
    ],
  }),

  async apply({ taskId, violationIds }, { defender }) {
    if (violationIds.length === 0) return { result: 'refused', detail: [ownDetail(name, 'no-violation')] };
    await defender.startTask(taskId, violationIds);
    return done(ownDetail(name, 'started', taskId));
  },

  async verify({ taskId }, { defender }) {
    const { status, executed, failed } = await defender.describeTask(taskId);
    // SUCCESSFUL with nothing executed is the status of a Device Defender task that did nothing (developer guide's sample).
    if (status === 'SUCCESSFUL' && executed > 0 && failed === 0)
      return done(ownDetail(name, 'executed', taskId, String(executed)));
    return unverified(ownDetail(name, 'status', taskId, status, String(executed), String(failed)));
  },

  async revert() {
    return done(ownDetail(name, 'no-undo'));
  },
};
