import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { AuditState } from '../domain/findings/audit';
import type { AuditMemory } from '../ports/storage';
import { connectItems } from './items';

const pk = 'DEFENDER-AUDIT';
const toldKey = { pk, sk: 'TOLD' };

export function connectAuditMemory(tableName: string, client?: DynamoDBClient): AuditMemory {
  const { load, save } = connectItems(tableName, client);
  return {
    load: (check) => load<AuditState>({ pk, sk: check }),
    save: (check, state, previous) => save({ pk, sk: check }, state, previous),
    loadTold: () => load<string>(toldKey),
    saveTold: (text, previous) => save(toldKey, text, previous),
  };
}
