import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { connectCaseList } from './case-list';
import { type CaseOptions, connectCases } from './cases';
import { connectFleetLimit } from './fleet-limit';
import { connectHeartbeats } from './heartbeats';
import { connectHistory } from './history';
import { connectRefusals } from './refusals';

/** Everything that people read. A function that needs a part connects only that part, to keep its bundle small. */
export function connectTable(tableName: string, client?: DynamoDBClient, options: CaseOptions = {}) {
  return {
    cases: connectCases(tableName, client, options),
    list: connectCaseList(tableName, client),
    history: connectHistory(tableName, client, options.clock),
    fleetLimit: connectFleetLimit(tableName, client),
    heartbeats: connectHeartbeats(tableName, client),
    refusals: connectRefusals(tableName, client, options),
  };
}
