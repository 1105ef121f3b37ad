import { setTimeout as delay } from 'node:timers/promises';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { countInQueue } from '../../local/count-in-queue';
import type { Service } from './service';

type Messaging = Pick<Service, 'sns' | 'sqs'>;

/** Subscribes a queue to a topic, then takes every message until `signal`; the promise within ends with the taking. */
export async function listen(
  { sns, sqs }: Messaging,
  topicArn: string,
  take: (message: string) => void,
  signal: AbortSignal,
): Promise<{ readonly ended: Promise<void> }> {
  const QueueName = `bench-${topicArn.slice(topicArn.lastIndexOf(':') + 1)}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const Endpoint = topicArn.replace(':sns:', ':sqs:').replace(/[^:]+$/, QueueName);
  const Attributes = { RawMessageDelivery: 'true' };
  await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint, Attributes }));
  const receive = async () => {
    while (!signal.aborted) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }),
        { abortSignal: signal },
      );
      for (const { Body = '' } of Messages) take(Body);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  const ended = receive().catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  return { ended };
}

/** Messages in each queue, waiting or in work. */
export async function countMessages({ sqs }: Pick<Service, 'sqs'>): Promise<Record<string, number>> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const counts = await Promise.all(
    QueueUrls.map(
      async (url) => [url.slice(url.lastIndexOf('/') + 1), await countInQueue(sqs, url)] as const,
    ),
  );
  return Object.fromEntries(counts);
}

/** Where messages end that nobody could handle. */
export function isDeadEnd(queue: string): boolean {
  return /-(dead|rejected)(\.fifo)?$/.test(queue);
}

const pollMs = 250;

/** Waits until all queues but the dead ends have been empty twice: a function may be about to send to the next one. */
export async function waitForQuiet(
  service: Pick<Service, 'sqs'>,
  signal: AbortSignal,
  look: (counts: Readonly<Record<string, number>>) => void = () => undefined,
): Promise<void> {
  for (let quiet = 0; quiet < 2; ) {
    const counts = await countMessages(service);
    look(counts);
    const open = Object.entries(counts).filter(([queue, count]) => count > 0 && !isDeadEnd(queue));
    quiet = open.length === 0 ? quiet + 1 : 0;
    await delay(pollMs, undefined, { signal });
  }
}
