import type { Resources } from './cloudformation';
import { tableEncryption } from './encryption';

/** Billed by request: an idle table costs only its storage. */
export function writeTable(prefix: string): Resources {
  const string = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' });
  const number = (AttributeName: string) => ({ AttributeName, AttributeType: 'N' });
  const index = (IndexName: string, hash: string, range: string, Projection: object) => ({
    IndexName,
    KeySchema: [
      { AttributeName: hash, KeyType: 'HASH' },
      { AttributeName: range, KeyType: 'RANGE' },
    ],
    Projection,
  });
  return {
    Table: {
      Type: 'AWS::DynamoDB::Table',
      // Deleting the stack must not delete the cases.
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        TableName: prefix,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          string('pk'),
          string('sk'),
          string('statusKey'),
          number('updatedAt'),
          string('dueKey'),
          number('dueAt'),
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          index('byStatus', 'statusKey', 'updatedAt', {
            ProjectionType: 'INCLUDE',
            NonKeyAttributes: ['thingName', 'caseId', 'severity'],
          }),
          // This index has what lists show of a case. DynamoDB can't change the one above, and CloudFormation can't remove it in
          // the update that adds this one.
          index('caseList', 'statusKey', 'updatedAt', {
            ProjectionType: 'INCLUDE',
            NonKeyAttributes: ['thingName', 'caseId', 'severity', 'outline'],
          }),
          index('byDue', 'dueKey', 'dueAt', { ProjectionType: 'KEYS_ONLY' }),
        ],
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        ...tableEncryption,
        TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      },
    },
  };
}
