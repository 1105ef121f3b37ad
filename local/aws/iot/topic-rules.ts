import { alreadyExists, IotServiceError, invalid } from './errors';
import { requireName } from './names';
import type { IotState, TopicRule, TopicRuleAction } from './state';

const MAX_ACTIONS = 10;
const SQL_VERSIONS: readonly unknown[] = ['2015-10-08', '2016-03-23', 'beta'];
/** Only the outer shape: the broker's engine reads the rest. A select without FROM has no topic. */
const SELECT = /^\s*SELECT\s.+?(?:\sFROM\s+'(?<topic>[^']+)'.*)?$/is;

interface TopicRulePayload {
  readonly sql: string;
  readonly description?: string;
  readonly actions: readonly TopicRuleAction[];
  readonly errorAction?: TopicRuleAction;
  readonly ruleDisabled?: boolean;
  readonly awsIotSqlVersion?: string;
}

export interface TopicRuleStore {
  create(ruleName: string, payload: TopicRulePayload): TopicRule;
  setDisabled(ruleName: string, ruleDisabled: boolean): void;
  delete(ruleName: string): void;
}

export function findRule(state: IotState, ruleName: string): TopicRule {
  const rule = state.rules.get(requireName('ruleName', ruleName));
  if (rule) return rule;
  // The rule operations model no ResourceNotFoundException; AWS answers a missing rule as a forbidden one.
  throw new IotServiceError('UnauthorizedException', `Access to topic rule '${ruleName}' was denied`);
}

/** The topic filter a rule listens on, or undefined if it has none. */
export function readTopicPattern(sql: string): string | undefined {
  return SELECT.exec(sql)?.groups?.topic;
}

function checkAction(action: unknown): void {
  const isObject = typeof action === 'object' && action !== null && !Array.isArray(action);
  if (!isObject || Object.keys(action).length !== 1) throw invalid('An action must have exactly one kind.');
}

function buildRule(
  state: IotState,
  ruleName: string,
  payload: TopicRulePayload,
  createdAt: number,
): TopicRule {
  requireName('ruleName', ruleName);
  if (typeof payload?.sql !== 'string') throw invalid('topicRulePayload.sql is required.');
  if (!SELECT.test(payload.sql)) {
    throw new IotServiceError(
      'SqlParseException',
      'The SQL of the rule must be SELECT ... FROM a topic filter.',
    );
  }
  const { sql, description, actions, errorAction, ruleDisabled, awsIotSqlVersion = '2015-10-08' } = payload;
  if (!Array.isArray(actions) || actions.length > MAX_ACTIONS) {
    throw invalid(`topicRulePayload.actions must be a list of at most ${MAX_ACTIONS}.`);
  }
  for (const action of errorAction === undefined ? actions : [...actions, errorAction]) checkAction(action);
  if (!SQL_VERSIONS.includes(awsIotSqlVersion)) throw invalid(`Unknown SQL version ${awsIotSqlVersion}.`);
  return {
    ruleName,
    ruleArn: state.arns.build('rule', ruleName),
    sql,
    ...(description === undefined ? {} : { description }),
    actions,
    ...(errorAction === undefined ? {} : { errorAction }),
    ruleDisabled: ruleDisabled === true,
    awsIotSqlVersion,
    createdAt,
  };
}

export type CheckTopicRule = (rule: TopicRule) => unknown;

export function createTopicRuleStore(
  state: IotState,
  check: CheckTopicRule = () => undefined,
): TopicRuleStore {
  const save = (rule: TopicRule): TopicRule => {
    try {
      check(rule);
    } catch (error) {
      throw new IotServiceError('SqlParseException', error instanceof Error ? error.message : String(error));
    }
    state.rules.set(rule.ruleName, rule);
    state.changed();
    return rule;
  };
  return {
    create(ruleName, payload) {
      const rule = buildRule(state, ruleName, payload, state.now());
      if (!state.rules.has(ruleName)) return save(rule);
      throw alreadyExists(`Rule ${ruleName} already exists.`, ruleName, rule.ruleArn);
    },
    setDisabled: (ruleName, ruleDisabled) => void save({ ...findRule(state, ruleName), ruleDisabled }),
    delete(ruleName) {
      findRule(state, ruleName);
      state.rules.delete(ruleName);
      state.changed();
    },
  };
}
