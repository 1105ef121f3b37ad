import { createHash } from 'node:crypto';
import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import type { Command, HeartbeatCommand } from '../domain/decide/command';
import { writeMessageJson } from '../domain/json';
import type { ThingKey } from '../domain/thing-ref';
import type { CommandQueue, DeadLetters, SourceQueue } from '../ports/aws';
import { sqsClient } from './sqs-client';

/** One message, with the callers that wait for SQS to accept it. */
interface Waiting {
  readonly message: Message;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

type Message = ReturnType<typeof writeMessage>;

/** Limits of one SendMessageBatch (SQS API reference): entries, and bytes of all bodies. */
const maxEntries = 10;
const maxBytes = 256 * 1024;

/** Sends commands of the same turn, such as the records of one batch, in as few calls as SQS allows. */
export function connectCommands(queueUrl: string, client: SQSClient = sqsClient()): CommandQueue {
  let waiting: Waiting[] = [];

  const sendOne = ({ message, done, failed }: Waiting): Promise<void> =>
    client.send(new SendMessageCommand({ QueueUrl: queueUrl, ...message })).then(done, failed);

  async function sendTogether(group: readonly Waiting[]): Promise<void> {
    const [first] = group;
    if (first && group.length === 1) return sendOne(first);
    const Entries = group.map(({ message }, index) => ({ Id: String(index), ...message }));
    try {
      const { Failed = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries }));
      const refused = new Set(Failed.map(({ Id }) => Number(Id)));
      // Sent alone, the message is retried like any call, and fails with its own error.
      for (const [index, one] of group.entries())
        if (refused.has(index)) void sendOne(one);
        else one.done();
    } catch (error) {
      for (const { failed } of group) failed(error);
    }
  }

  function sendWaiting(): void {
    for (const group of splitIntoBatches(waiting)) void sendTogether(group);
    waiting = [];
  }

  return {
    send: (command, id) =>
      new Promise((done, failed) => {
        if (waiting.length === 0) setImmediate(sendWaiting);
        waiting.push({ message: writeMessage(command, id), done, failed });
      }),
  };
}

function writeMessage(command: Command | HeartbeatCommand, id: string) {
  return {
    MessageBody: writeMessageJson(command),
    MessageGroupId: groupOf(command.thingName),
    // An id may be any text, but SQS accepts only 128 characters of a small alphabet. The thing's name in the hash keeps the
    // same id of two things distinct, because the queue detects repeats across all groups.
    MessageDeduplicationId: createHash('sha256')
      .update(JSON.stringify([command.thingName, id]))
      .digest('hex'),
  };
}

/** The most that SQS takes. A thing of another account with a long name is longer than that. */
const maxGroupId = 128;

/** A thing's mailbox. */
function groupOf(thing: ThingKey): string {
  if (thing.length <= maxGroupId) return thing;
  const account = thing.slice(0, thing.lastIndexOf('/') + 1);
  return account + createHash('sha256').update(thing).digest('hex');
}

function splitIntoBatches(waiting: readonly Waiting[]): Waiting[][] {
  const batches: Waiting[][] = [];
  let bytes = 0;
  for (const one of waiting) {
    const size = Buffer.byteLength(one.message.MessageBody);
    const batch = batches.at(-1);
    if (batch && batch.length < maxEntries && bytes + size <= maxBytes) {
      batch.push(one);
      bytes += size;
    } else {
      batches.push([one]);
      bytes = size;
    }
  }
  return batches;
}

/** SQS accepts 256 KB. A body that may exceed it after quoting is truncated, and marked. */
const maxBody = 200_000;
/** Quoting turns one UTF-16 unit into at most 6 bytes (`\\u0001`). */
const maxQuotedBytes = 6;

export function connectDeadLetters(queueUrl: string, client: SQSClient = sqsClient()): DeadLetters {
  return {
    async send(body, reason, source) {
      const cut = Buffer.byteLength(writeMessageJson(body)) > maxBody;
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: writeMessageJson({
            reason,
            source,
            ...(cut && { cut: true }),
            body: cut ? body.slice(0, maxBody / maxQuotedBytes) : body,
          }),
          ...(queueUrl.endsWith('.fifo') && {
            MessageGroupId: source,
            MessageDeduplicationId: createHash('sha256').update(`${source}#${body}`).digest('hex'),
          }),
        }),
      );
    },
  };
}

/** Approximate number of waiting commands. */
export function connectBacklog(queueUrl: string, client: SQSClient = sqsClient()): () => Promise<number> {
  return async () => {
    const { Attributes } = await client.send(
      new GetQueueAttributesCommand({
        QueueUrl: queueUrl,
        AttributeNames: ['ApproximateNumberOfMessages'],
      }),
    );
    return Number(Attributes?.ApproximateNumberOfMessages ?? 0);
  };
}

export function connectSourceQueue(queueUrl: string, client: SQSClient = sqsClient()): SourceQueue {
  return {
    async remove(receiptHandle) {
      await client.send(new DeleteMessageCommand({ QueueUrl: queueUrl, ReceiptHandle: receiptHandle }));
    },
  };
}
