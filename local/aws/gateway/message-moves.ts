import { randomUUID } from 'node:crypto';
import type { ApiRequest, ApiResponse } from '../../types';
import { formatAwsError } from '../wire/aws-error';
import type { Forward } from '../wire/forward';
import { isRecord, parseJsonObject } from '../wire/json';

interface Move {
  readonly TaskHandle: string;
  readonly Status: 'COMPLETED' | 'FAILED';
  readonly SourceArn: string;
  readonly DestinationArn?: string;
  readonly ApproximateNumberOfMessagesMoved: number;
  readonly ApproximateNumberOfMessagesToMove: number;
  readonly FailureReason?: string;
  readonly StartedTimestamp: number;
}

/** SQS keeps this number for a queue (API reference, ListMessageMoveTasks). */
const maxListed = 10;

/**
 * Moves dead letters, which fauxqs can't. A task has ended when its start is answered. fauxqs does not store from which
 * queue a message came, so a task without a destination fails, as on AWS for messages that SNS or a rule put there.
 */
export function createMessageMoves(forward: Forward) {
  const moves: Move[] = [];

  async function start(request: ApiRequest, body: Readonly<Record<string, unknown>>): Promise<ApiResponse> {
    const { SourceArn: source, DestinationArn: destination } = body;
    const ask = askerOf(request, forward);
    const refuse = (code: string, text: string) => formatAwsError(request, 400, code, text);
    if (typeof source !== 'string')
      return refuse('MissingParameter', 'The request must contain the parameter SourceArn.');
    const queues = await listQueues(ask);
    for (const [name, arn] of [
      ['SourceArn', source],
      ['DestinationArn', destination],
    ] as const)
      if (arn !== undefined && !queues.some((queue) => queue.arn === arn))
        return refuse(
          'ResourceNotFoundException',
          `The resource that you specified for the ${name} parameter doesn't exist.`,
        );
    if (!queues.some(({ deadLetterArn }) => deadLetterArn === source))
      return refuse('InvalidParameterValue', 'Source queue must be configured as a Dead Letter Queue.');
    const from = queues.find(({ arn }) => arn === source);
    const to = queues.find(({ arn }) => arn === destination);
    const waiting = from?.messages ?? 0;
    const moved = from && to ? await moveMessages(from.url, to.url, waiting, ask) : 0;
    const isStuck = !to && waiting > 0;
    const move: Move = {
      TaskHandle: Buffer.from(JSON.stringify({ taskId: randomUUID(), sourceArn: source })).toString('base64'),
      Status: isStuck ? 'FAILED' : 'COMPLETED',
      SourceArn: source,
      ...(typeof destination === 'string' && { DestinationArn: destination }),
      ApproximateNumberOfMessagesMoved: moved,
      ApproximateNumberOfMessagesToMove: waiting,
      ...(isStuck && { FailureReason: 'CouldNotDetermineMessageSource' }),
      StartedTimestamp: Date.now(),
    };
    moves.unshift(move);
    return reply({ TaskHandle: move.TaskHandle });
  }

  return {
    start,
    list({ SourceArn, MaxResults }: Readonly<Record<string, unknown>>): ApiResponse {
      const wanted = Math.min(typeof MaxResults === 'number' ? MaxResults : 1, maxListed);
      return reply({ Results: moves.filter((move) => move.SourceArn === SourceArn).slice(0, wanted) });
    },
  };
}

type Ask = (operation: string, body: object) => Promise<Readonly<Record<string, unknown>>>;

/** Calls fauxqs on behalf of the caller; a refusal is a fault of this file. */
function askerOf(request: ApiRequest, forward: Forward): Ask {
  return async (operation, body) => {
    const headers = { ...request.headers, 'x-amz-target': `AmazonSQS.${operation}` };
    const response = await forward({ ...request, headers }, JSON.stringify(body));
    if (response.status !== 200) throw new Error(`fauxqs refused ${operation}: ${String(response.body)}`);
    return parseJsonObject(response.body ?? '') ?? {};
  };
}

interface Queue {
  readonly url: string;
  readonly arn: string;
  readonly messages: number;
  readonly deadLetterArn: unknown;
}

async function listQueues(ask: Ask): Promise<Queue[]> {
  const { QueueUrls } = await ask('ListQueues', {});
  const urls = Array.isArray(QueueUrls) ? QueueUrls.map(String) : [];
  return Promise.all(
    urls.map(async (url) => {
      const { Attributes } = await ask('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] });
      const known = isRecord(Attributes) ? Attributes : {};
      return {
        url,
        arn: String(known.QueueArn),
        // fauxqs counts as invisible what it has not been asked for since it may be seen again.
        messages:
          Number(known.ApproximateNumberOfMessages) + Number(known.ApproximateNumberOfMessagesNotVisible),
        deadLetterArn: parseJsonObject(String(known.RedrivePolicy ?? '{}'))?.deadLetterTargetArn,
      };
    }),
  );
}

/** Messages from before the start: those that come back meanwhile are not moved. */
async function moveMessages(from: string, to: string, waiting: number, ask: Ask): Promise<number> {
  let moved = 0;
  while (moved < waiting) {
    const { Messages } = await ask('ReceiveMessage', {
      QueueUrl: from,
      MaxNumberOfMessages: Math.min(10, waiting - moved),
      AttributeNames: ['All'],
      MessageAttributeNames: ['All'],
    });
    const messages = Array.isArray(Messages) ? Messages.filter(isRecord) : [];
    if (messages.length === 0) break;
    for (const { Body, Attributes, MessageAttributes, ReceiptHandle } of messages) {
      const { MessageGroupId } = isRecord(Attributes) ? Attributes : {};
      await ask('SendMessage', {
        QueueUrl: to,
        MessageBody: Body,
        ...(MessageAttributes !== undefined && { MessageAttributes }),
        // A name of its own, or a queue that has seen the message within five minutes would drop it.
        ...(MessageGroupId !== undefined && { MessageGroupId, MessageDeduplicationId: randomUUID() }),
      });
      await ask('DeleteMessage', { QueueUrl: from, ReceiptHandle });
      moved += 1;
    }
  }
  return moved;
}

function reply(body: object): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(body),
  };
}
