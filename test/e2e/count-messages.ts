import * as z from 'zod/mini';
import type { LocalStack } from '../../local/stack';

const answerSchema = z.object({
  Attributes: z.object({
    ApproximateNumberOfMessages: z.coerce.number(),
    ApproximateNumberOfMessagesNotVisible: z.coerce.number(),
  }),
});

/**
 * Messages in a queue, waiting or in flight. Asks the emulation directly: waits call this often, and a client would
 * take longer than the answer.
 */
export async function countMessages({ aws, identity }: LocalStack, queue: string): Promise<number> {
  const QueueUrl = `http://sqs/${identity.accountId}/${queue}`;
  const { body = '' } = await aws.sqs.handle({
    service: 'sqs',
    method: 'POST',
    path: '/',
    query: new URLSearchParams(),
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'AmazonSQS.GetQueueAttributes',
    },
    body: Buffer.from(JSON.stringify({ QueueUrl, AttributeNames: ['All'] })),
    caller: { accessKeyId: 'test', arn: `arn:aws:iam::${identity.accountId}:user/test` },
  });
  const { Attributes } = answerSchema.parse(JSON.parse(body.toString()));
  return Attributes.ApproximateNumberOfMessages + Attributes.ApproximateNumberOfMessagesNotVisible;
}
