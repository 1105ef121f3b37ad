import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { resetAlarms } from '../domain/detection/reset';
import type { DetectionReset } from '../ports/storage';
import { untilUndisturbed } from '../undisturbed';
import { openDetectStates } from './agents';
import { connectItems } from './items';

export function connectDetectionReset(tableName: string, client?: DynamoDBClient): DetectionReset {
  const states = openDetectStates(connectItems(tableName, client));
  return {
    async reset(thingName, now, heldUntil, known) {
      // The detector may evaluate the thing at the same time. The second one to save reads again.
      await untilUndisturbed(5, async () => {
        const stored = await states.load(thingName);
        if (stored) await states.save(resetAlarms(stored.value, now, heldUntil, known), stored.version);
      });
    },
  };
}
