import type { SQSMessageAttribute, SQSRecord } from 'aws-lambda';
import type { MessageAttribute, ReceivedMessage } from './source-queue';

/** Spells a received message as Lambda does (lambda/latest/dg/with-sqs.html). */
export function toSqsRecord(message: ReceivedMessage, queueArn: string, region: string): SQSRecord {
  const attributes = Object.entries(message.MessageAttributes ?? {});
  return {
    messageId: message.MessageId,
    receiptHandle: message.ReceiptHandle,
    body: message.Body,
    attributes: { ...message.Attributes } as unknown as SQSRecord['attributes'],
    messageAttributes: Object.fromEntries(attributes.map(([name, value]) => [name, toSqsAttribute(value)])),
    md5OfBody: message.MD5OfBody,
    ...(message.MD5OfMessageAttributes && { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: region,
  };
}

function toSqsAttribute(value: MessageAttribute): SQSMessageAttribute {
  return {
    ...(value.StringValue !== undefined && { stringValue: value.StringValue }),
    ...(value.BinaryValue !== undefined && { binaryValue: value.BinaryValue }),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType as SQSMessageAttribute['dataType'],
  };
}

/** Cuts a batch so that no event gets over `maxBytes`, keeping the order. */
export function splitBySize(records: readonly SQSRecord[], maxBytes: number): SQSRecord[][] {
  const batches: SQSRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1;
    if (bytes + size > maxBytes) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)?.push(record);
    bytes += size;
  }
  return batches;
}

/**
 * Reads what a function with ReportBatchItemFailures answered. Null, `{}` and an empty or null list mean that all went
 * well; an answer that cannot be read, or names a message that is not in the batch, means that all failed
 * (lambda/latest/dg/services-sqs-errorhandling.html).
 */
export function readBatchItemFailures(
  payload: string,
  batchIds: ReadonlySet<string>,
): ReadonlySet<string> | 'all' {
  const response: unknown = JSON.parse(payload);
  if (response === null) return new Set();
  if (typeof response !== 'object' || Array.isArray(response)) return 'all';
  const failures = 'batchItemFailures' in response ? response.batchItemFailures : [];
  if (failures === null) return new Set();
  if (!Array.isArray(failures)) return 'all';
  const ids = failures.map((failure: unknown) => readIdentifier(failure));
  return ids.every((id) => id !== undefined && batchIds.has(id)) ? new Set(ids as string[]) : 'all';
}

function readIdentifier(failure: unknown): string | undefined {
  if (typeof failure !== 'object' || failure === null || !('itemIdentifier' in failure)) return undefined;
  return typeof failure.itemIdentifier === 'string' ? failure.itemIdentifier : undefined;
}
