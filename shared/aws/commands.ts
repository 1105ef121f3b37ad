import { createHash } from 'node:crypto';
import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import type { CommandQueue, DeadLetters } from '../ports';
import { sqsClient } from './sqs-client';

export function connectCommands(queueUrl: string, client: SQSClient = sqsClient()): CommandQueue {
  return {
    async send(command, id) {
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify(command),
          MessageGroupId: command.thingName,
          // Ids may hold any text; SQS takes 128 characters of a small alphabet. With the thing's name in it, an id
          // of two things is two also where the queue looks for repeats over all its groups.
          MessageDeduplicationId: createHash('sha256')
            .update(JSON.stringify([command.thingName, id]))
            .digest('hex'),
        }),
      );
    },
  };
}

/** SQS takes 256 KB; a body that comes near it once it is quoted is cut, and says so. */
const maxBody = 200_000;
/** One UTF-16 unit grows to at most 6 bytes when quoted (`\\u0001`). */
const maxQuotedBytes = 6;

export function connectDeadLetters(queueUrl: string, client: SQSClient = sqsClient()): DeadLetters {
  return {
    async send(body, reason, source) {
      const cut = Buffer.byteLength(JSON.stringify(body)) > maxBody;
      await client.send(
        new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify({
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
