import { ListQueuesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { countInQueue } from '../count-in-queue';
import { waitFor } from './wait';

const looks = 5;

/**
 * Waits until several looks in a row find no message that waits or is being handled, because a function may be about to
 * send one to the next queue. Otherwise the work of an earlier step would count as time of the next one.
 */
export async function waitForQuiet(sqs: SQSClient): Promise<void> {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  let quiet = 0;
  await waitFor(
    'the end of what the device’s connect set off',
    async () => {
      const counts = await Promise.all(QueueUrls.map((url) => countInQueue(sqs, url)));
      quiet = counts.every((count) => count === 0) ? quiet + 1 : 0;
      return quiet >= looks || undefined;
    },
    10_000,
  );
}
