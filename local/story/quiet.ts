import { GetQueueAttributesCommand, ListQueuesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { waitFor } from './wait';

const looks = 5;

/**
 * Waits until no message is waiting or in work, at several looks in a row: a function may be about to send one to the next queue.
 * What a connect or an earlier step sets off would otherwise count as time of the next.
 */
export async function waitForQuiet(sqs: SQSClient): Promise<void> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  let quiet = 0;
  await waitFor(
    'the end of what the device’s connect set off',
    async () => {
      quiet = (await countMessages(sqs, QueueUrls)) === 0 ? quiet + 1 : 0;
      return quiet >= looks || undefined;
    },
    10_000,
  );
}

async function countMessages(sqs: SQSClient, queueUrls: readonly string[]): Promise<number> {
  const counts = await Promise.all(
    queueUrls.map(async (QueueUrl) => {
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
      );
      return (
        Number(Attributes?.ApproximateNumberOfMessages) +
        Number(Attributes?.ApproximateNumberOfMessagesNotVisible)
      );
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
}
