import type { PolicyStatement } from '../../../types';
import { matchesPattern } from '../../policy/wildcard';
import type { StackRecords } from './resource-type';

/**
 * Tells whether a queue's own policy lets SNS deliver from a topic. Anything it does not understand counts as no,
 * because on AWS the loss would be silent (sns/latest/dg/subscribe-sqs-queue-to-sns-topic.html).
 */
export function mayTopicSendToQueue(
  policies: StackRecords['queuePolicies'],
  queueArn: string,
  topicArn: string,
): boolean {
  const own = policies.filter(({ queueUrl }) =>
    queueUrl.endsWith(`/${queueArn.split(':').slice(-2).join('/')}`),
  );
  const statements = own.flatMap(({ document }) => [document.Statement].flat() as PolicyStatement[]);
  return statements.some((statement) => allowsSend(statement, queueArn, topicArn));
}

function allowsSend(statement: PolicyStatement, queueArn: string, topicArn: string): boolean {
  const { Effect, Action, Resource, Condition = {} } = statement;
  return (
    Effect === 'Allow' &&
    isSnsIncluded((statement as { Principal?: unknown }).Principal) &&
    [Action ?? []].flat().some((action) => matchesPattern(action.toLowerCase(), 'sqs:sendmessage')) &&
    [Resource ?? []].flat().some((resource) => matchesPattern(resource, queueArn)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, value]) => holds(operator, key, value, topicArn)),
    )
  );
}

function isSnsIncluded(principal: unknown): boolean {
  if (principal === '*') return true;
  if (typeof principal !== 'object' || principal === null) return false;
  const { Service, AWS } = principal as { Service?: unknown; AWS?: unknown };
  return [Service].flat().includes('sns.amazonaws.com') || [AWS].flat().includes('*');
}

function holds(operator: string, key: string, value: unknown, topicArn: string): boolean {
  if (!/^(ArnEquals|ArnLike|StringEquals|StringLike)(IfExists)?$/.test(operator)) return false;
  const values = [value].flat().map(String);
  if (key.toLowerCase() === 'aws:sourcearn')
    return values.some((pattern) => matchesPattern(pattern, topicArn));
  if (key.toLowerCase() === 'aws:sourceaccount') return values.includes(topicArn.split(':')[4] ?? '');
  return false;
}
