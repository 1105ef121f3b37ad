import { requiredQueues } from '../required-queues';
import { describeStatement, listStatements } from './compare';
import { compareFields, differ, toldElsewhere } from './differ';
import { type Differences, gone, listKnown } from './judge';
import type { PresentResources } from './present';
import type { DeployedResource } from './template';

/** The size limit of a new queue at first; it is larger now (SQS, quotas of messages). */
const largestMessage = 262_144;

export async function judgeQueue(
  { physicalId, properties }: DeployedResource,
  { readQueueSettings }: PresentResources,
  all: readonly DeployedResource[],
): Promise<Differences> {
  const present = await readQueueSettings(physicalId);
  // The check of the queues reports a queue that every stage has.
  if (!present) return requiredQueues.some((name) => physicalId.endsWith(`-${name}`)) ? toldElsewhere : gone;
  const { VisibilityTimeout = 30, MessageRetentionPeriod = 345_600, DelaySeconds = 0 } = properties;
  const { KmsMasterKeyId = 'none', RedrivePolicy, DeduplicationScope, FifoThroughputLimit } = properties;
  const ofFifo =
    properties.FifoQueue && DeduplicationScope ? { DeduplicationScope, FifoThroughputLimit } : {};
  const largest = Number(present.MaximumMessageSize ?? largestMessage);
  return [
    ...compareFields({ VisibilityTimeout, MessageRetentionPeriod, DelaySeconds, ...ofFifo }, present),
    ...(largest < largestMessage && properties.MaximumMessageSize === undefined
      ? [
          {
            what: `it takes messages of up to ${largest} bytes only`,
            why: 'A larger message is refused, and lost if its sender cannot keep it.',
            mend: `aws sqs set-queue-attributes --queue-url ${physicalId} --attributes MaximumMessageSize=${largestMessage}`,
          },
        ]
      : []),
    ...differ('KmsMasterKeyId', KmsMasterKeyId, present.KmsMasterKeyId || 'none'),
    ...(properties.SqsManagedSseEnabled === true && present.SqsManagedSseEnabled === 'false'
      ? [
          {
            what: 'it is not encrypted',
            why: 'Somebody turned encryption off since the last deploy: messages that wait in it are stored as plain text.',
            mend: `aws sqs set-queue-attributes --queue-url ${physicalId} --attributes SqsManagedSseEnabled=true`,
          },
        ]
      : []),
    ...(all.some(
      (one) => one.type === 'AWS::SQS::QueuePolicy' && listKnown(one.properties.Queues).includes(physicalId),
    )
      ? []
      : listStatements(JSON.parse(present.Policy || '{}')).map((statement) => ({
          what: `it has a policy: ${describeStatement(statement)}`,
          why: 'Only the stack may say who sends to this queue and who reads from it.',
          mend: `aws sqs set-queue-attributes --queue-url ${physicalId} --attributes Policy=`,
        }))),
    // The check of the queues names a queue without one.
    ...(present.RedrivePolicy
      ? differ('RedrivePolicy', RedrivePolicy ?? 'none', JSON.parse(present.RedrivePolicy))
      : []),
  ];
}

export async function judgeTable(
  { physicalId, properties }: DeployedResource,
  { readTable }: PresentResources,
): Promise<Differences> {
  const present = await readTable(physicalId);
  if (!present) return gone;
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

export async function judgeLogGroup(
  { physicalId, properties }: DeployedResource,
  { readLogGroup }: PresentResources,
): Promise<Differences> {
  const present = await readLogGroup(physicalId);
  if (!present) return gone;
  const { RetentionInDays: days = 'never', KmsKeyId = 'none' } = properties;
  return [
    ...differ('RetentionInDays', days, present.retention ?? 'never').map((what) => ({
      what,
      why: 'Logs are deleted before somebody reads them, or are kept and paid for longer than intended.',
      mend: `aws logs put-retention-policy --log-group-name ${physicalId} --retention-in-days ${String(days)}`,
    })),
    ...differ('KmsKeyId', KmsKeyId, present.key ?? 'none'),
  ];
}
