import * as z from 'zod/mini';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import type { TopicRule } from '../state';
import { findRule, readTopicPattern } from '../topic-rules';
import { type IotCall, type IotRoute, paginate, readBody, readFlag, readParam, toSeconds } from './route';

const Action = z.record(z.string(), z.record(z.string(), z.unknown()));
const Payload = z.object({
  sql: z.string(),
  description: z.exactOptional(z.string()),
  actions: z.array(Action),
  errorAction: z.exactOptional(Action),
  ruleDisabled: z.exactOptional(z.boolean()),
  awsIotSqlVersion: z.exactOptional(z.string()),
});

/** The payload is the HTTP body itself (`httpPayload`); boto3 and the JS SDK agree on that. */
function readPayload(call: IotCall): z.output<typeof Payload> {
  if (call.body === undefined) throw invalid('topicRulePayload is required.');
  return readBody(Payload, call);
}

function describeRule({ ruleArn, createdAt, ...rule }: TopicRule) {
  return { ruleArn, rule: { ...rule, createdAt: toSeconds(createdAt) } };
}

function listRules(registry: IotRegistry, call: IotCall) {
  const topic = call.query.get('topic');
  const disabled = call.query.has('ruleDisabled') ? readFlag(call, 'ruleDisabled', false) : undefined;
  const rules = registry
    .topicRules()
    .filter((rule) => topic === null || readTopicPattern(rule.sql) === topic)
    .filter((rule) => disabled === undefined || rule.ruleDisabled === disabled);
  const page = paginate(call, 'token', rules, ({ ruleName }) => ruleName);
  return {
    rules: page.items.map(({ ruleArn, ruleName, sql, createdAt, ruleDisabled }) => ({
      ruleArn,
      ruleName,
      topicPattern: readTopicPattern(sql),
      createdAt: toSeconds(createdAt),
      ruleDisabled,
    })),
    ...page.next,
  };
}

export function topicRuleRoutes(registry: IotRegistry): readonly IotRoute[] {
  const path = '/rules/{ruleName}';
  const resources = (call: IotCall) => [registry.state.arns.build('rule', readParam(call, 'ruleName'))];
  const route = (
    operation: string,
    method: IotRoute['method'],
    run: (ruleName: string, call: IotCall) => unknown,
    suffix = '',
  ): IotRoute => ({
    operation,
    method,
    path: `${path}${suffix}`,
    resources,
    run: (call) => run(readParam(call, 'ruleName'), call),
  });
  return [
    route('CreateTopicRule', 'POST', (name, call) => void registry.rules.create(name, readPayload(call))),
    route('ReplaceTopicRule', 'PATCH', (name, call) => void registry.rules.replace(name, readPayload(call))),
    route('GetTopicRule', 'GET', (name) => describeRule(findRule(registry.state, name))),
    route('DeleteTopicRule', 'DELETE', (name) => registry.rules.delete(name)),
    route('EnableTopicRule', 'POST', (name) => registry.rules.setDisabled(name, false), '/enable'),
    route('DisableTopicRule', 'POST', (name) => registry.rules.setDisabled(name, true), '/disable'),
    { operation: 'ListTopicRules', method: 'GET', path: '/rules', run: (call) => listRules(registry, call) },
  ];
}
