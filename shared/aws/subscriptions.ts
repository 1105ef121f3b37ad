import { paginateListSubscriptionsByTopic, SNSClient } from '@aws-sdk/client-sns';

/** What SNS has in the place of an ARN until the owner of an address has confirmed, and after they unsubscribed. */
const notSubscribed = new Set(['PendingConfirmation', 'Deleted']);

/** E-mail addresses that a topic is mailed to, in lower case. */
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
