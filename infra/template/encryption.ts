import { allow, equals, iff, not, noValue, ref, type Value } from './cloudformation';

/** Without a key of the customer, everything is encrypted with AWS keys, which cost nothing. */
export const keyParameters = {
  KmsKeyArn: {
    Type: 'String',
    Default: '',
    AllowedPattern: '(arn:aws[a-z-]*:kms:[a-z0-9-]+:\\d{12}:key/[a-zA-Z0-9-]+)?',
    Description: 'Your own key for table, queues and topics; empty: keys of AWS',
  },
};

export const keyConditions = { HasKmsKey: not(equals(ref('KmsKeyArn'), '')) };

const ownKey = (otherwise: Value = noValue) => iff('HasKmsKey', ref('KmsKeyArn'), otherwise);

/** Properties of a queue. */
export const queueEncryption = {
  KmsMasterKeyId: ownKey(),
  SqsManagedSseEnabled: iff('HasKmsKey', noValue, true),
};

/** Properties of a topic. */
export const topicEncryption = { KmsMasterKeyId: ownKey() };

/** Properties of a table. Without a customer-managed key, DynamoDB uses its own. */
export const tableEncryption = {
  SSESpecification: iff(
    'HasKmsKey',
    { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: ref('KmsKeyArn') },
    noValue,
  ),
};

/** Rights to use the key for queues and topics. DynamoDB uses the key with its own grants. */
export function allowKey(): Value {
  return iff('HasKmsKey', allow(['kms:Decrypt', 'kms:GenerateDataKey'], ref('KmsKeyArn')), noValue);
}
