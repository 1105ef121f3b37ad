import * as z from 'zod/mini';
import { invalid } from '../errors';
import type { IotRegistry } from '../registry';
import type { TopicRule } from '../state';
import { findRule, readTopicPattern } from '../topic-rules';
import {
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  routesAt,
  toSeconds,
} from './route';

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
  const readName = (call: IotCall) => readParam(call, 'ruleName');
  const route = routesAt('/rules/{ruleName}', (call) => [registry.state.arns.build('rule', readName(call))]);
  return [
    route('CreateTopicRule', 'POST', (call) => void registry.rules.create(readName(call), readPayload(call))),
    route('GetTopicRule', 'GET', (call) => describeRule(findRule(registry.state, readName(call)))),
    route('DeleteTopicRule', 'DELETE', (call) => registry.rules.delete(readName(call))),
    route('EnableTopicRule', 'POST', (call) => registry.rules.setDisabled(readName(call), false), '/enable'),
    route('DisableTopicRule', 'POST', (call) => registry.rules.setDisabled(readName(call), true), '/disable'),
    routesAt('/rules')('ListTopicRules', 'GET', (call) => listRules(registry, call)),
  ];
}
