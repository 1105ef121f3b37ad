import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { type Gateway, startGateway } from '../../../../local/aws/gateway/gateway';
import type { EventSourceDefinition, InvocationOutcome } from '../../../../local/aws/lambda/definitions';
import {
  type EventSource,
  type EventSourcePorts,
  startEventSource,
} from '../../../../local/aws/lambda/event-source';
import { openSourceQueue, type SourceQueue } from '../../../../local/aws/lambda/source-queue';
import { type Messaging, startMessaging } from '../../../../local/aws/messaging/messaging';
import { eventually, identity, silentLog } from './fixtures';

let messaging: Messaging;
let gateway: Gateway;
let sqs: SQSClient;
const sources: EventSource[] = [];

beforeAll(async () => {
  const gatewayHost = () => new URL(gateway.url).host;
  messaging = await startMessaging({ identity, gatewayHost, log: silentLog });
  const { sqs: service } = messaging;
  gateway = await startGateway({ identity, port: 0, services: { sqs: service }, log: silentLog });
  const { region } = identity;
  sqs = new SQSClient({ endpoint: gateway.url, region, credentials: gateway.operatorCredentials });
});
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.stop()));
});
afterAll(async () => {
  sqs.destroy();
  await gateway.close();
  await messaging.close();
});

interface Queue {
  readonly url: string;
  readonly arn: string;
}

async function aQueue(attributes: Record<string, string> = {}): Promise<Queue> {
  const QueueName = `q-${crypto.randomUUID()}${attributes.FifoQueue ? '.fifo' : ''}`;
  const Attributes = { VisibilityTimeout: '1', ...attributes };
  const { QueueUrl: url = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return { url, arn: `arn:aws:sqs:us-east-1:000000000000:${QueueName}` };
}

type Handler = (event: SQSEvent, attempt: number) => unknown;

/** Starts a mapping to a function that runs here; gives the batches it got. */
async function connect(
  queue: Queue,
  handler: Handler,
  overrides: Partial<EventSourceDefinition> = {},
  ports: Partial<EventSourcePorts> = {},
): Promise<SQSRecord[][]> {
  const batches: SQSRecord[][] = [];
  const invoke = async (_: string, event: unknown): Promise<InvocationOutcome> => {
    const { Records } = event as SQSEvent;
    batches.push(Records);
    try {
      const answer = await handler({ Records }, batches.length);
      return { status: 'succeeded', requestId: 'r', payload: JSON.stringify(answer) ?? 'null' };
    } catch (error) {
      return { status: 'failed', requestId: 'r', error: { errorType: 'Error', errorMessage: String(error) } };
    }
  };
  const definition: EventSourceDefinition = {
    id: 'mapping',
    functionName: 'probe',
    roleArn: 'arn:aws:iam::000000000000:role/probe',
    queueArn: queue.arn,
    batchSize: 10,
    maximumBatchingWindowSeconds: 0,
    reportsBatchItemFailures: true,
    enabled: true,
    ...overrides,
  };
  const source = await startEventSource(definition, {
    queue: openSourceQueue(messaging.sqs, queue.arn, identity),
    identity,
    invoke,
    isAllowed: () => true,
    functionTimeoutSeconds: 1,
    log: silentLog,
    ...ports,
  });
  sources.push(source);
  return batches;
}

async function send(queue: Queue, bodies: readonly string[], groupId?: string): Promise<void> {
  for (let start = 0; start < bodies.length; start += 10) {
    const Entries = bodies.slice(start, start + 10).map((MessageBody, index) => ({
      Id: String(index),
      MessageBody,
      ...(groupId && { MessageGroupId: groupId, MessageDeduplicationId: `${groupId}${MessageBody}` }),
    }));
    await sqs.send(new SendMessageBatchCommand({ QueueUrl: queue.url, Entries }));
  }
}

async function isEmpty(queue: Queue): Promise<true | undefined> {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queue.url, AttributeNames: ['All'] }),
  );
  const { ApproximateNumberOfMessages: ready, ApproximateNumberOfMessagesNotVisible: inFlight } = Attributes;
  return ready === '0' && inFlight === '0' ? true : undefined;
}

async function receiveAll(queue: Queue): Promise<string[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: queue.url, MaxNumberOfMessages: 10, VisibilityTimeout: 60 }),
  );
  return Messages.map((message) => message.Body ?? '');
}

const bodiesOf = (batches: readonly SQSRecord[][]) => batches.flat().map((record) => record.body);

describe('an SQS event source', () => {
  it("delivers a message in the shape of Lambda's event", async () => {
    const queue = await aQueue({ FifoQueue: 'true' });
    const batches = await connect(queue, () => undefined);

    await sqs.send(
      new SendMessageCommand({
        QueueUrl: queue.url,
        MessageBody: '{"a":1}',
        MessageGroupId: 'mything1',
        MessageDeduplicationId: 'once',
        MessageAttributes: {
          kind: { DataType: 'String', StringValue: 'alert' },
          raw: { DataType: 'Binary', BinaryValue: Buffer.from([1, 2]) },
        },
      }),
    );
    await eventually(() => isEmpty(queue).then((empty) => (batches.length > 0 ? empty : undefined)));

    expect(batches).toEqual([
      [
        {
          messageId: expect.any(String),
          receiptHandle: expect.any(String),
          body: '{"a":1}',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: expect.stringMatching(/^\d{13}$/),
            SenderId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
            ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
            MessageGroupId: 'mything1',
            MessageDeduplicationId: 'once',
            SequenceNumber: expect.stringMatching(/^\d{20}$/),
          },
          messageAttributes: {
            kind: { dataType: 'String', stringValue: 'alert', stringListValues: [], binaryListValues: [] },
            raw: { dataType: 'Binary', binaryValue: 'AQI=', stringListValues: [], binaryListValues: [] },
          },
          md5OfBody: 'bb6cb5c68df4652941caf652a366f2d8',
          md5OfMessageAttributes: expect.any(String),
          eventSource: 'aws:sqs',
          eventSourceARN: queue.arn,
          awsRegion: 'us-east-1',
        },
      ],
    ]);
  });

  it('redelivers only the messages that failed', async () => {
    const queue = await aQueue();
    await send(queue, ['good', 'bad', 'fine']);
    const batches = await connect(queue, ({ Records }, attempt) => ({
      batchItemFailures: Records.filter(({ body }) => attempt === 1 && body === 'bad').map(
        ({ messageId }) => ({
          itemIdentifier: messageId,
        }),
      ),
    }));

    await eventually(() => isEmpty(queue));

    expect(batches.map((batch) => batch.map(({ body }) => body))).toEqual([['good', 'bad', 'fine'], ['bad']]);
    expect(batches[1]?.[0]?.attributes.ApproximateReceiveCount).toBe('2');
  });

  it('fails the whole batch on an answer it cannot read', async () => {
    const queue = await aQueue();
    await send(queue, ['a', 'b']);
    const answer = { batchItemFailures: [{ itemIdentifier: 'unknown' }] };
    const batches = await connect(queue, (_event, attempt) => (attempt === 1 ? answer : undefined));

    await eventually(() => isEmpty(queue));

    expect(bodiesOf(batches).sort()).toEqual(['a', 'a', 'b', 'b']);
  });

  it('redelivers failed messages sooner than the visibility timeout if configured', async () => {
    const queue = await aQueue({ VisibilityTimeout: '60' });
    await send(queue, ['a', 'b']);
    const handler: Handler = ({ Records }, attempt) => {
      if (attempt === 1) throw new Error('cannot');
      return { batchItemFailures: attempt === 2 ? [{ itemIdentifier: Records[0]?.messageId }] : [] };
    };
    const batches = await connect(queue, handler, {}, { redeliverSeconds: 0 });

    await eventually(() => isEmpty(queue));

    const delivered = bodiesOf(batches);
    expect(delivered).toHaveLength(5);
    expect(new Set(delivered)).toEqual(new Set(['a', 'b']));
  });

  it('moves a batch that keeps throwing to the dead-letter queue after maxReceiveCount', async () => {
    const deadLetters = await aQueue();
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: deadLetters.arn, maxReceiveCount: 2 });
    const queue = await aQueue({ RedrivePolicy });
    await send(queue, ['poison', 'beside it']);
    const batches = await connect(
      queue,
      ({ Records }) => {
        if (Records.some(({ body }) => body === 'poison')) throw new Error('cannot');
      },
      { batchSize: 1 },
    );

    await eventually(() => isEmpty(queue));

    expect(await receiveAll(deadLetters)).toEqual(['poison']);
    expect(bodiesOf(batches).sort()).toEqual(['beside it', 'poison', 'poison']);
  });

  it('keeps the order of a group while it works on several groups at once', async () => {
    const queue = await aQueue({ FifoQueue: 'true' });
    const numbers = Array.from({ length: 15 }, (_, index) => String(index));
    const things = ['mything1', 'mything2', 'mything3'];
    for (const thing of things) await send(queue, numbers, thing);
    const running = new Map<string, number>();
    let atOnce = 0;
    let together = 0;
    const batches = await connect(
      queue,
      async ({ Records }) => {
        const groups = [...new Set(Records.map((record) => record.attributes.MessageGroupId ?? ''))];
        for (const group of groups) running.set(group, (running.get(group) ?? 0) + 1);
        atOnce = Math.max(atOnce, ...running.values());
        together = Math.max(together, [...running.values()].filter((count) => count > 0).length);
        await new Promise((resolve) => setTimeout(resolve, 2));
        for (const group of groups) running.set(group, (running.get(group) ?? 0) - 1);
      },
      { batchSize: 1 },
    );

    await eventually(() => isEmpty(queue));

    for (const thing of things) {
      const own = batches.flat().filter((record) => record.attributes.MessageGroupId === thing);
      expect(own.map((record) => record.body)).toEqual(numbers);
    }
    expect({ atOnce, parallel: together > 1 }).toEqual({ atOnce: 1, parallel: true });
  });

  it('runs no more batches at once than MaximumConcurrency', async () => {
    const queue = await aQueue();
    await send(
      queue,
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
    let running = 0;
    let most = 0;
    await connect(
      queue,
      async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setTimeout(resolve, 5));
        running -= 1;
      },
      { batchSize: 1, maximumConcurrency: 2 },
    );

    await eventually(() => isEmpty(queue));

    expect(most).toBe(2);
  });

  it('collects a batch for as long as its window says', async () => {
    const queue = await aQueue({ VisibilityTimeout: '30' });
    await send(
      queue,
      Array.from({ length: 20 }, (_, index) => String(index)),
    );
    const batches = await connect(queue, () => undefined, {
      batchSize: 20,
      maximumBatchingWindowSeconds: 1,
      maximumConcurrency: 2,
    });

    await eventually(() => isEmpty(queue));

    expect(bodiesOf(batches)).toHaveLength(20);
    expect(batches.length).toBeLessThanOrEqual(2);
  });

  it('hands out together what arrives while a batch is in progress, since Lambda needs time for a call to SQS', async () => {
    const queue = await aQueue();
    const waiting = ['first'];
    const receive: SourceQueue['receive'] = async (count, _waitSeconds, signal) => {
      signal.throwIfAborted();
      const bodies = waiting.splice(0, count);
      if (bodies.length > 0)
        return bodies.map((Body) => ({ MessageId: Body, ReceiptHandle: Body, Body, MD5OfBody: '' }));
      return await new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const batches = await connect(
      queue,
      async (_event, attempt) => {
        // Sent one after the other, each soon enough for a poller that looks again at once.
        for (let index = 0; index < 9 && attempt === 1; index += 1) {
          waiting.push(`later ${index}`);
          await Promise.resolve();
        }
      },
      {},
      {
        queue: {
          readVisibilitySeconds: async () => 60,
          receive,
          deleteAll: async () => [],
          returnAll: async () => undefined,
        },
      },
    );

    await eventually(async () => batches.flat().length === 10);

    expect(batches.map((batch) => batch.length)).toEqual([1, 9]);
  });

  it('never creates an event over 6 MB', async () => {
    const queue = await aQueue({ VisibilityTimeout: '30' });
    const body = '"'.repeat(1_000_000);
    for (let count = 0; count < 4; count += 1) await send(queue, [body]);
    const batches = await connect(queue, () => undefined);

    await eventually(() => isEmpty(queue));

    const sizes = batches.map((Records) => JSON.stringify({ Records }).length);
    expect(batches.flat()).toHaveLength(4);
    expect(Math.max(...sizes)).toBeLessThan(6 * 1024 * 1024);
  });

  it('is refused if the role may not read the queue', async () => {
    const queue = await aQueue();
    const isAllowed = (_role: string, action: string) => action !== 'sqs:DeleteMessage';

    await expect(connect(queue, () => undefined, {}, { isAllowed })).rejects.toThrow(
      `The function execution role does not have permissions to call DeleteMessage on SQS ` +
        `(arn:aws:iam::000000000000:role/probe on ${queue.arn})`,
    );
  });

  it('is refused if the messages would be visible again before the function ends', async () => {
    const queue = await aQueue();

    await expect(connect(queue, () => undefined, {}, { functionTimeoutSeconds: 60 })).rejects.toThrow(
      'Queue visibility timeout: 1 seconds is less than Function timeout: 60 seconds',
    );
  });

  it('receives nothing while it is disabled', async () => {
    const queue = await aQueue();
    await send(queue, ['waiting']);

    const batches = await connect(queue, () => undefined, { enabled: false });

    expect(batches).toEqual([]);
    expect(await receiveAll(queue)).toEqual(['waiting']);
  });
});
