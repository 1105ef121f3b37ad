import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  ReceiveMessageCommand,
  type ReceiveMessageCommandInput,
  SendMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { jest } from '@jest/globals';
import { loadQueueClass } from '../../../../local/aws/messaging/quiet-queues';
import { operatorClients, startTestStack, type TestStack } from '../gateway/local-aws';

let stack: TestStack;
let sqs: SQSClient;
beforeAll(async () => {
  stack = await startTestStack();
  sqs = operatorClients(stack).sqs;
});
afterAll(() => stack.close());

async function aQueue(QueueName: string): Promise<string> {
  const Attributes = QueueName.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
  const { QueueUrl = '' } = await sqs.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl;
}

async function receive(QueueUrl: string, more: Partial<ReceiveMessageCommandInput> = {}) {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10, ...more }),
  );
  return Messages[0];
}

const ordered = { MessageGroupId: 'g', MessageDeduplicationId: 'd' };

describe('a queue that is polled', () => {
  it('is checked when a message may be due, and idle otherwise', async () => {
    const { prototype } = (await loadQueueClass()) as { prototype: { processTimers(): void } };
    const looks = jest.spyOn(prototype, 'processTimers');
    const QueueUrl = await aQueue('resting');

    expect(await receive(QueueUrl, { WaitTimeSeconds: 1 })).toBeUndefined();

    // Each receipt begins with one look; fauxqs by itself has 50 more in this second.
    expect(looks.mock.calls.length).toBeLessThan(5);
  });

  it.each([
    ['plain', {}],
    ['ordered.fifo', ordered],
  ])('gives a message that comes back while it is polled (%s)', async (name, more) => {
    const QueueUrl = await aQueue(name);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'again', ...more }));
    await receive(QueueUrl, { VisibilityTimeout: 1 });

    expect(await receive(QueueUrl)).toMatchObject({ Body: 'again' });
  });

  it('gives a message whose delay ends while it is polled, though it was sent after the poll began', async () => {
    const QueueUrl = await aQueue('delayed');
    const polled = receive(QueueUrl);
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'later', DelaySeconds: 1 }));

    expect(await polled).toMatchObject({ Body: 'later' });
  });

  it('gives a message that is returned earlier than it was going to be', async () => {
    const QueueUrl = await aQueue('returned');
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'returned' }));
    const { ReceiptHandle } = (await receive(QueueUrl, { VisibilityTimeout: 600 })) ?? {};
    const polled = receive(QueueUrl);
    await sqs.send(new ChangeMessageVisibilityCommand({ QueueUrl, ReceiptHandle, VisibilityTimeout: 1 }));

    expect(await polled).toMatchObject({ Body: 'returned' });
  });
});
