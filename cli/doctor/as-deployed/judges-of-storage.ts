import { compareFields, differ, toldElsewhere } from './differ';
import type { PresentResources } from './present';
import type { DeployedResource } from './template';

export async function judgeQueue(
  { physicalId, properties }: DeployedResource,
  { readQueueSettings }: PresentResources,
): Promise<readonly string[]> {
  const present = await readQueueSettings(physicalId);
  if (!present) return toldElsewhere;
  const { VisibilityTimeout = 30, MessageRetentionPeriod = 345_600, DelaySeconds = 0 } = properties;
  const { KmsMasterKeyId = 'none', RedrivePolicy } = properties;
  return [
    ...compareFields({ VisibilityTimeout, MessageRetentionPeriod, DelaySeconds }, present),
    ...differ('KmsMasterKeyId', KmsMasterKeyId, present.KmsMasterKeyId || 'none'),
    // A queue without one is told by the check of the queues.
    ...(present.RedrivePolicy
      ? differ('RedrivePolicy', RedrivePolicy ?? 'none', JSON.parse(present.RedrivePolicy))
      : []),
  ];
}

export async function judgeTable(
  { physicalId, properties }: DeployedResource,
  { readTable }: PresentResources,
): Promise<readonly string[]> {
  const present = await readTable(physicalId);
  if (!present) return ['it is missing'];
  const {
    GlobalSecondaryIndexes = [],
    TimeToLiveSpecification,
    PointInTimeRecoverySpecification,
  } = properties as TableProperties;
  const missing = GlobalSecondaryIndexes.filter(({ IndexName }) => !present.indexes.includes(IndexName));
  return [
    ...missing.map(({ IndexName }) => `its index ${IndexName} is missing`),
    ...differ(
      'the attribute that expires items',
      TimeToLiveSpecification?.AttributeName ?? 'none',
      present.expires ?? 'none',
    ),
    ...(PointInTimeRecoverySpecification?.PointInTimeRecoveryEnabled && !present.hasRecovery
      ? ['point-in-time recovery is off']
      : []),
    ...(properties.BillingMode === 'PAY_PER_REQUEST' && !present.isOnDemand
      ? ['it has a provisioned capacity, above which it refuses calls']
      : []),
  ];
}

interface TableProperties {
  readonly GlobalSecondaryIndexes?: readonly { readonly IndexName: string }[];
  readonly TimeToLiveSpecification?: { readonly AttributeName: string };
  readonly PointInTimeRecoverySpecification?: { readonly PointInTimeRecoveryEnabled?: boolean };
}
