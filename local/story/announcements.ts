import { type SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  ReceiveMessageCommand,
  type SQSClient,
} from '@aws-sdk/client-sqs';
import { waitFor } from './wait';

/** An announcement of Cordon, as far as the story reads it. */
interface Announcement {
  readonly kind: string;
  readonly at: number;
  readonly thingName: string;
  readonly text: string;
  readonly alertToAppliedMs?: number;
}

export interface Announcements {
  waitForKind(kind: string, timeoutMs: number): Promise<Announcement>;
  stop(): void;
}

/** Listens to the announcements topic as any other system would. */
export async function listenToAnnouncements(
  topicArn: string,
  sns: SNSClient,
  sqs: SQSClient,
): Promise<Announcements> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'story-announcements' }));
  const queueArn = topicArn.replace(':sns:', ':sqs:').replace(/[^:]+$/, 'story-announcements');
  await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint: queueArn,
      Attributes: { RawMessageDelivery: 'true' },
    }),
  );
  const heard: Announcement[] = [];
  const abort = new AbortController();
  void receive();
  return {
    waitForKind: (kind, timeoutMs) =>
      waitFor(`the announcement "${kind}"`, () => heard.find((one) => one.kind === kind), timeoutMs),
    stop: () => abort.abort(),
  };

  async function receive(): Promise<void> {
    while (!abort.signal.aborted) {
      try {
        const { Messages } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }),
          { abortSignal: abort.signal },
        );
        for (const { Body, ReceiptHandle } of Messages ?? []) {
          heard.push(JSON.parse(Body ?? ''));
          await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
        }
      } catch {
        // Aborted, or the stack is stopping: the caller gets the message of the timeout.
        if (!abort.signal.aborted) await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }
  }
}
