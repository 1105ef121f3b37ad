import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openAgents, openDetectStates } from './agents';
import { openDatapoints } from './datapoints';
import { openFleet } from './fleet-distributions';
import { connectItems } from './items';

/** What the rules detector keeps: its state by thing, values for charts, the fleet's distributions, and the agents. */
export function connectDetection(tableName: string, client?: DynamoDBClient, clock = Date.now) {
  const items = connectItems(tableName, client);
  const { documents } = items;
  return {
    states: openDetectStates(items),
    fleet: openFleet(documents, tableName, clock),
    ...openDatapoints(items, tableName),
    ...openAgents(items, documents, tableName),
  };
}
