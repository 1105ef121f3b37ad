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
import { boundValue, type MetricValue, type Violation } from '../domain/findings/violation';
import { isRegistryName } from '../domain/text';
import { isThingName } from '../domain/thing-ref';
import type { Defender } from '../ports';
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
        yield* (page.activeViolations ?? []).flatMap((violation) => toViolation(violation) ?? []);
        nextToken = page.nextToken;
        if (nextToken) await delay(pageDelayMs);
      } while (nextToken);
    },
  };
}

/** ListActiveViolations allows ten calls a second for the account (General Reference). Cordon uses half of that. */
const pageDelayMs = 200;

/** A violation in the API's form (docs/facts.md#alerts). One without the fields of every alert is left out. */
function toViolation(active: ActiveViolation): Violation | undefined {
  const { violationId, thingName, securityProfileName, behavior, violationStartTime, lastViolationValue } =
    active;
  if (!violationId || !isThingName(thingName) || !isRegistryName(securityProfileName)) return undefined;
  if (!behavior?.name || !violationStartTime) return undefined;
  return {
    violationId,
    thingName,
    securityProfileName,
    behaviorName: behavior.name,
    metric: behavior.metric ?? 'unknown',
    eventType: 'in-alarm',
    occurredAt: violationStartTime.getTime(),
    ...(lastViolationValue && { value: boundValue(lastViolationValue as MetricValue) }),
    detector: 'device-defender',
  };
}
