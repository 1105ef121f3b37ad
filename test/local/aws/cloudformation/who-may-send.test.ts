import { mayTopicSendToQueue } from '../../../../local/aws/cloudformation/resources/who-may-send';
import type { PolicyStatement } from '../../../../local/types';
import { atOnceSeconds, measureProcessorSeconds } from '../../../processor-time';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:alerts';
const topicArn = 'arn:aws:sns:us-east-1:000000000000:alerts';
const ask = (Action: string, pattern: string, ...more: readonly PolicyStatement[]) =>
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
            ...more,
          ],
        },
      },
    ],
    queueArn,
    topicArn,
  );

describe('the policy of a queue', () => {
  it.each([
    ['an explicit deny', { Principal: '*' }, false],
    ['a deny of all but others', { NotPrincipal: { AWS: 'arn:aws:iam::1:root' } }, false],
    ['a deny of others', { Principal: { AWS: 'arn:aws:iam::1:root' } }, true],
    [
      'a deny of calls without TLS',
      { Principal: '*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } },
      true,
    ],
  ])('lets SNS send under %s: %j', (_rule, element, isAllowed) => {
    const deny = { Effect: 'Deny' as const, Action: 'sqs:*', Resource: queueArn, ...element };

    expect(ask('sqs:SendMessage', topicArn, deny)).toBe(isAllowed);
  });

  it('is matched in linear time, however many wildcards it has', () => {
    const allowed: boolean[] = [];

    const seconds = measureProcessorSeconds(() => {
      allowed.push(ask(`${'*s'.repeat(80)}*`, topicArn));
      allowed.push(ask('sqs:*', `${'*a'.repeat(80)}*b`));
      allowed.push(ask(`${'*'.repeat(80)}message`, `arn:aws:sns:us-east-1:${'*'.repeat(80)}:alerts`));
    });

    expect(allowed).toEqual([false, false, true]);
    expect(seconds).toBeLessThan(atOnceSeconds);
  });
});
