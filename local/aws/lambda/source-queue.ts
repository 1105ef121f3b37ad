import type { AwsIdentity, ServiceHandler } from '../../types';
import { parseJsonObject } from '../wire/json';

/** A message as SQS's JSON protocol spells it; binary values are base64. */
export interface ReceivedMessage {
  readonly MessageId: string;
  readonly ReceiptHandle: string;
  readonly Body: string;
  readonly MD5OfBody: string;
  readonly MD5OfMessageAttributes?: string;
  readonly Attributes?: Readonly<Record<string, string>>;
  readonly MessageAttributes?: Readonly<Record<string, MessageAttribute>>;
}

export interface MessageAttribute {
  readonly DataType: string;
  readonly StringValue?: string;
  readonly BinaryValue?: string;
}

/** What an event source does with its queue. */
export interface SourceQueue {
  readVisibilitySeconds(): Promise<number>;
  /** Ends early, with a message or not, only when SQS answers: `signal` gives up waiting for the answer. */
  receive(count: number, waitSeconds: number, signal: AbortSignal): Promise<readonly ReceivedMessage[]>;
  /** At most ten; returns those that were not deleted. */
  deleteAll(receiptHandles: readonly string[]): Promise<readonly unknown[]>;
  /** Has messages come again after a time. */
  returnAll(receiptHandles: readonly string[], seconds: number): Promise<void>;
}

/** SQS refused, or is not there. */
class SourceQueueError extends Error {
  constructor(operation: string, status: number, body: string) {
    super(`${operation} answered ${status}: ${body}`);
    this.name = 'SourceQueueError';
  }
}

/**
 * Lambda's own way to a queue: no AWS client and no socket, since it is the part of AWS that polls, which no role or
 * fault of the gateway concerns. An SDK client here cost more CPU than the emulation of SQS itself.
 */
export function openSourceQueue(sqs: ServiceHandler, queueArn: string, identity: AwsIdentity): SourceQueue {
  const [, , , , accountId = '', queueName = ''] = queueArn.split(':');
  const QueueUrl = `http://sqs/${accountId}/${queueName}`;
  const caller = {
    accessKeyId: 'lambda',
    arn: `arn:${identity.partition}:iam::${identity.accountId}:service/lambda`,
  };

  async function call(operation: string, input: object): Promise<Record<string, unknown>> {
    const { status, body = '' } = await sqs.handle({
      service: 'sqs',
      method: 'POST',
      path: '/',
      query: new URLSearchParams(),
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `AmazonSQS.${operation}` },
      body: Buffer.from(JSON.stringify({ QueueUrl, ...input })),
      caller,
    });
    if (status !== 200) throw new SourceQueueError(operation, status, body.toString());
    // SQS answers some operations with nothing at all.
    return parseJsonObject(body) ?? {};
  }

  return {
    async readVisibilitySeconds() {
      const { Attributes } = await call('GetQueueAttributes', { AttributeNames: ['VisibilityTimeout'] });
      return Number((Attributes as Record<string, string> | undefined)?.VisibilityTimeout);
    },

    async receive(count, waitSeconds, signal) {
      signal.throwIfAborted();
      const answer = call('ReceiveMessage', {
        MaxNumberOfMessages: count,
        WaitTimeSeconds: waitSeconds,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      });
      const { Messages = [] } = await unlessAborted(answer, signal);
      return Messages as ReceivedMessage[];
    },

    async deleteAll(receiptHandles) {
      const Entries = receiptHandles.map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle }));
      const { Failed = [] } = await call('DeleteMessageBatch', { Entries });
      return Failed as unknown[];
    },

    async returnAll(receiptHandles, seconds) {
      for (const ReceiptHandle of receiptHandles)
        await call('ChangeMessageVisibility', { ReceiptHandle, VisibilityTimeout: seconds });
    },
  };
}

function unlessAborted<T>(answer: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(signal.reason);
    signal.addEventListener('abort', giveUp, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
