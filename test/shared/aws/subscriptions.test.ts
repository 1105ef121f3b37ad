import { ListSubscriptionsByTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { listMailed } from '../../../shared/aws/subscriptions';
import { mockClient } from '../../mock-client';

describe('the e-mail addresses of a topic', () => {
  it('come from every page, and include only those confirmed and not unsubscribed since', async () => {
    const Protocol = 'email';
    const SubscriptionArn = 'arn:aws:sns:us-east-1:123456789012:topic:1';
    mockClient(SNSClient)
      .on(ListSubscriptionsByTopicCommand)
      .resolvesOnce({
        Subscriptions: [
          { Protocol, Endpoint: 'SOC@example.com', SubscriptionArn },
          { Protocol, Endpoint: 'new@example.com', SubscriptionArn: 'PendingConfirmation' },
          { Protocol, Endpoint: 'gone@example.com', SubscriptionArn: 'Deleted' },
        ],
        NextToken: '2',
      })
      .resolvesOnce({
        Subscriptions: [
          { Protocol: 'sqs', Endpoint: 'arn:aws:sqs:us-east-1:123456789012:notify', SubscriptionArn },
          { Protocol, Endpoint: 'boss@example.com', SubscriptionArn },
        ],
      });

    expect(await listMailed('arn:topic', new SNSClient({ region: 'us-east-1' }))).toEqual(
      new Set(['soc@example.com', 'boss@example.com']),
    );
  });
});
