import type { PolicyStatement } from '../../../types';
import { compileDocument, evaluate } from '../../policy/evaluate';
import { iamDialect } from '../../policy/iam';
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
  const context = new Map([
    ['aws:sourcearn', topicArn],
    ['aws:sourceaccount', topicArn.split(':')[4] ?? ''],
    ['aws:principalisawsservice', 'true'],
  ]);
  const statements = own
    .flatMap(({ document }) => compileDocument(document))
    .filter(({ statement }) => concerns(statement, 'sns.amazonaws.com'));
  const request = { action: 'sqs:SendMessage', resource: queueArn, context };
  return evaluate(statements, request, iamDialect).decision === 'ALLOWED';
}

/** Tells whether a topic's own policy lets a service publish for one of its resources. */
export function mayServicePublish(
  policies: StackRecords['topicPolicies'],
  topicArn: string,
  service: string,
  sourceArn: string,
): boolean {
  const context = new Map([
    ['aws:sourcearn', sourceArn],
    ['aws:sourceaccount', sourceArn.split(':')[4] ?? ''],
    ['aws:principalisawsservice', 'true'],
  ]);
  const statements = policies
    .filter((policy) => policy.topicArn === topicArn)
    .flatMap(({ document }) => compileDocument(document))
    .filter(({ statement }) => concerns(statement, service));
  const request = { action: 'sns:Publish', resource: topicArn, context };
  return evaluate(statements, request, iamDialect).decision === 'ALLOWED';
}

/** A Deny for all but some principals is taken to concern every service. */
function concerns(statement: PolicyStatement & { readonly Principal?: unknown }, service: string): boolean {
  const { Principal: principal } = statement;
  if (principal === undefined) return statement.Effect === 'Deny';
  if (principal === '*') return true;
  if (typeof principal !== 'object' || principal === null) return false;
  const { Service, AWS } = principal as { Service?: unknown; AWS?: unknown };
  return [Service].flat().includes(service) || [AWS].flat().includes('*');
}
