import { isRecord, parseJsonObject } from '../wire/json';
import { findAttributeFault } from './message-attributes';

export interface Refusal {
  readonly code: string;
  readonly message: string;
}

type Input = Readonly<Record<string, unknown>>;

/** Letters, digits and punctuation of ASCII (API reference, SendMessage). */
const fifoName = /^[!-~]{1,128}$/;
/** The form of fauxqs. A handle of a message that is gone still has it. */
const receiptHandle = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const plainName = /^[\w-]{1,80}$/;
const fifoQueueName = /^[\w-]{1,75}\.fifo$/;
const maxDelaySeconds = 900;

const attributeNames: ReadonlySet<unknown> = new Set([
  ...['All', 'Policy', 'VisibilityTimeout', 'MaximumMessageSize', 'MessageRetentionPeriod', 'QueueArn'],
  ...['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible', 'CreatedTimestamp'],
  ...['ApproximateNumberOfMessagesDelayed', 'LastModifiedTimestamp', 'DelaySeconds', 'RedrivePolicy'],
  ...['ReceiveMessageWaitTimeSeconds', 'FifoQueue', 'ContentBasedDeduplication', 'KmsMasterKeyId'],
  ...['KmsDataKeyReusePeriodSeconds', 'DeduplicationScope', 'FifoThroughputLimit', 'RedriveAllowPolicy'],
  'SqsManagedSseEnabled',
]);

const invalid = (message: string): Refusal => ({ code: 'InvalidParameterValue', message });

/** The faults of a message that SQS refuses and fauxqs accepts (API reference, SendMessage). */
export function findMessageFault(message: Input): Refusal | undefined {
  for (const name of ['MessageGroupId', 'MessageDeduplicationId']) {
    const value = message[name];
    if (value !== undefined && !fifoName.test(String(value)))
      return invalid(
        `Value ${String(value)} for parameter ${name} is invalid. Reason: ${name} can only include alphanumeric and punctuation characters. 1 to 128 in length.`,
      );
  }
  const { DelaySeconds: delay = 0, MessageAttributes: attributes } = message;
  if (typeof delay !== 'number' || delay < 0 || delay > maxDelaySeconds)
    return invalid(
      `Value ${String(delay)} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${maxDelaySeconds}.`,
    );
  const fault = isRecord(attributes) ? findAttributeFault(attributes) : undefined;
  return fault === undefined ? undefined : invalid(fault);
}

/** The faults of the other calls that SQS refuses and fauxqs accepts. */
export function findCallFault(operation: string, body: Input): Refusal | undefined {
  switch (operation) {
    case 'DeleteMessage':
    case 'ChangeMessageVisibility': {
      const { ReceiptHandle: handle } = body;
      return handle === undefined || isHandle(handle) ? undefined : badHandle;
    }
    case 'GetQueueAttributes': {
      const names = Array.isArray(body.AttributeNames) ? body.AttributeNames : [];
      const unknown = names.find((name) => !attributeNames.has(name));
      return unknown === undefined
        ? undefined
        : { code: 'InvalidAttributeName', message: `Unknown Attribute ${String(unknown)}.` };
    }
    case 'CreateQueue': {
      const { FifoQueue } = isRecord(body.Attributes) ? body.Attributes : {};
      const isFifo = FifoQueue === 'true';
      if ((isFifo ? fifoQueueName : plainName).test(String(body.QueueName))) return undefined;
      const form = 'alphanumeric characters, hyphens, or underscores';
      return invalid(
        isFifo
          ? `The name of a FIFO queue can only include ${form}, must end with .fifo suffix and be 1 to 80 in length.`
          : `Can only include ${form}. 1 to 80 in length`,
      );
    }
    default:
      return undefined;
  }
}

export function isHandle(handle: unknown): boolean {
  return typeof handle === 'string' && receiptHandle.test(handle);
}

export const badHandle: Refusal = {
  code: 'ReceiptHandleIsInvalid',
  message: 'The input receipt handle is invalid.',
};

/** The queue that a redrive policy names, if it names one. */
export function readDeadLetterQueue({ Attributes }: Input): { policy: string; name: string } | undefined {
  const policy = isRecord(Attributes) ? Attributes.RedrivePolicy : undefined;
  if (typeof policy !== 'string') return undefined;
  const target = parseJsonObject(policy)?.deadLetterTargetArn;
  return typeof target === 'string' ? { policy, name: target.split(':').at(-1) ?? '' } : undefined;
}
