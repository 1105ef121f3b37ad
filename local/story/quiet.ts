import { ListQueuesCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { countInQueue } from '../count-in-queue';
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
      const counts = await Promise.all(QueueUrls.map((url) => countInQueue(sqs, url)));
      quiet = counts.every((count) => count === 0) ? quiet + 1 : 0;
      return quiet >= looks || undefined;
    },
    10_000,
  );
}
