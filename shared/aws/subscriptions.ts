import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';

/** What SNS shows instead of an ARN before an address is confirmed and after it is unsubscribed. */
const notSubscribed = new Set(['PendingConfirmation', 'Deleted']);

/** Confirmed e-mail addresses of a topic, in lower case. */
export async function listMailed(
  topicArn: string,
  client = new SNSClient({ maxAttempts: 6 }),
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const { Subscriptions = [] } of paginateListSubscriptionsByTopic(
    { client },
    { TopicArn: topicArn },
  ))
    for (const { Protocol, Endpoint, SubscriptionArn } of Subscriptions)
      if (Protocol === 'email' && Endpoint && SubscriptionArn && !notSubscribed.has(SubscriptionArn))
        found.add(Endpoint.toLowerCase());
  return found;
}
