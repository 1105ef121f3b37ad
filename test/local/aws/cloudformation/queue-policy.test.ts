import { mayTopicSendToQueue } from '../../../../local/aws/cloudformation/resources/queue-policy';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:alerts';
const topicArn = 'arn:aws:sns:us-east-1:000000000000:alerts';
const ask = (Action: string, pattern: string) =>
  mayTopicSendToQueue(
    [
      {
        queueUrl: 'http://sqs/000000000000/alerts',
        document: {
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              ...{ Principal: { Service: 'sns.amazonaws.com' } },
              Action,
              Resource: queueArn,
              Condition: { ArnLike: { 'aws:SourceArn': pattern } },
            },
          ],
        },
      },
    ],
    queueArn,
    topicArn,
  );

describe('the policy of a queue', () => {
  it('is matched at once, however many wildcards it has', () => {
    const startedAt = performance.now();

    expect(ask(`${'*s'.repeat(80)}*`, topicArn)).toBe(false);
    expect(ask('sqs:*', `${'*a'.repeat(80)}*b`)).toBe(false);
    expect(ask(`${'*'.repeat(80)}message`, `arn:${'*'.repeat(80)}:alerts`)).toBe(true);

    expect(performance.now() - startedAt).toBeLessThan(200);
  });
});
