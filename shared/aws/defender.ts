import {
  DescribeDetectMitigationActionsTaskCommand,
  IoTClient,
  PutVerificationStateOnViolationCommand,
  StartDetectMitigationActionsTaskCommand,
  VerificationState,
} from '@aws-sdk/client-iot';
import type { Defender } from '../ports';

/** `actionName`: the account's mitigation action that adds things to the quarantine group. */
export function connectDefender(actionName: string, client = new IoTClient({ maxAttempts: 6 })): Defender {
  return {
    async startTask(taskId, violationIds) {
      try {
        await client.send(
          new StartDetectMitigationActionsTaskCommand({
            taskId,
            target: { violationIds: [...violationIds] },
            actions: [actionName],
            includeOnlyActiveViolations: true,
            includeSuppressedAlerts: true,
            clientRequestToken: taskId,
          }),
        );
      } catch (error) {
        if (!(error instanceof Error && error.name === 'TaskAlreadyExistsException')) throw error;
      }
    },

    async describeTask(taskId) {
      const { taskSummary } = await client.send(new DescribeDetectMitigationActionsTaskCommand({ taskId }));
      return {
        status: taskSummary?.taskStatus ?? 'unknown',
        executed: taskSummary?.taskStatistics?.actionsExecuted ?? 0,
        failed: taskSummary?.taskStatistics?.actionsFailed ?? 0,
      };
    },

    async markFalsePositive(violationId) {
      await client.send(
        new PutVerificationStateOnViolationCommand({
          violationId,
          verificationState: VerificationState.FALSE_POSITIVE,
          verificationStateDescription: 'dismissed in Cordon',
        }),
      );
    },
  };
}
