import { setTimeout as delay } from 'node:timers/promises';
import {
  type ActiveViolation,
  DescribeDetectMitigationActionsTaskCommand,
  type IoTClient,
  ListActiveViolationsCommand,
  PutVerificationStateOnViolationCommand,
  StartDetectMitigationActionsTaskCommand,
  VerificationState,
} from '@aws-sdk/client-iot';
import { deviceDefender } from '../domain/findings/sources/device-defender';
import type { Violation } from '../domain/findings/violation';
import type { Defender } from '../ports/aws';
import { iotClient } from './iot-client';

/** `actionName`: the account's mitigation action that adds things to the quarantine group. */
export function connectDefender(actionName: string, client: IoTClient = iotClient()): Defender {
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

    async *listActive() {
      let nextToken: string | undefined;
      do {
        const page = await client.send(new ListActiveViolationsCommand({ nextToken, maxResults: 250 }));
        yield* (page.activeViolations ?? []).flatMap(toFindings);
        nextToken = page.nextToken;
        if (nextToken) await delay(pageDelayMs);
      } while (nextToken);
    },
  };
}

/** ListActiveViolations allows ten calls a second for the account (General Reference). Cordon uses half of that. */
const pageDelayMs = 200;

/**
 * Violations on which Cordon must not act: those of suppressed behaviors, for which Detect sends no alert, and those
 * that a person labeled.
 */
const dismissedStates: readonly unknown[] = [
  VerificationState.FALSE_POSITIVE,
  VerificationState.BENIGN_POSITIVE,
];

/**
 * The violation in the form of its alert (docs/facts.md#alerts); undefined if it lacks a field that every alert has.
 */
function toFindings(active: ActiveViolation): readonly Violation[] {
  const { violationStartTime, lastViolationValue, verificationState, ...same } = active;
  if (active.behavior?.suppressAlerts || dismissedStates.includes(verificationState)) return [];
  const reading = deviceDefender.read({
    ...same,
    violationEventType: 'in-alarm',
    violationEventTime: violationStartTime?.getTime(),
    metricValue: lastViolationValue,
  });
  return reading?.kind === 'findings' ? reading.findings.filter((one) => one.kind === undefined) : [];
}
