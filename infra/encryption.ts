import { allow, equals, iff, not, noValue, ref, type Value } from './cloudformation';

/** Off, everything is encrypted under keys of AWS, which cost nothing. */
export const keyParameters = {
  KmsKeyArn: {
    Type: 'String',
    Default: '',
    AllowedPattern: '(arn:aws[a-z-]*:kms:[a-z0-9-]+:\\d{12}:key/[a-zA-Z0-9-]+)?',
    Description: 'Key of yours for table, queues and topics; empty: keys of AWS',
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

/** Properties of a table: without a key of yours it is encrypted under one of DynamoDB's own. */
export const tableEncryption = {
  SSESpecification: iff(
    'HasKmsKey',
    { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: ref('KmsKeyArn') },
    noValue,
  ),
};

/** For who sends to or reads from queues and topics; DynamoDB uses the key under grants of its own. */
export function allowKey(): Value {
  return iff('HasKmsKey', allow(['kms:Decrypt', 'kms:GenerateDataKey'], ref('KmsKeyArn')), noValue);
}
