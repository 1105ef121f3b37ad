import { SQSClient } from '@aws-sdk/client-sqs';

let client: SQSClient | undefined;

/** One client in a function, however many queues it sends to: each would have connections of its own to open. */
export function sqsClient(): SQSClient {
  client ??= new SQSClient({ maxAttempts: 6 });
  return client;
}
