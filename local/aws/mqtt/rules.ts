import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { LocalLog } from '../../types';
import type { TopicRule } from '../iot/state';
import type { OutgoingMessage } from './outgoing-message';
import { nameFailed, parseAction, type RuleAction } from './rule-action';
import { PayloadNotJsonError, type RuleMessage, selectPayload } from './rule-evaluation';
import { parseRuleSql, type RuleStatement } from './rule-sql';
import { matchesFilter, parseDefenderTopic } from './topics';

/** Performs one action of a rule with the rule's role; rejects when the service or the role refuses. */
export type PerformRuleAction = (action: RuleAction, payload: Buffer, ruleName: string) => Promise<void>;

export interface RuleEngineOptions {
  readonly rules: () => Iterable<TopicRule>;
  readonly performRuleAction: PerformRuleAction;
  /** Sends the result of a rule to subscribers and to the rules again. */
  readonly republish: (message: OutgoingMessage, hops: number) => void;
  readonly log: LocalLog;
}

export interface RuleEngine {
  /** Hands a message to the rules that select its topic. */
  process(message: RuleMessage): void;
  /** Resolves when every message handed over so far is through. */
  drain(): Promise<void>;
  /** Drops waiting messages, because their targets are about to end too, and resolves when no action is running. */
  close(): Promise<void>;
}

interface CompiledRule {
  readonly rule: TopicRule;
  readonly statement: RuleStatement;
  readonly actions: readonly RuleAction[];
  readonly errorAction?: RuleAction;
}

/** The number of republications from which on a message counts as circling. */
const MAX_HOPS = 8;
/**
 * Above this number of waiting messages of one client for one rule, messages are dropped, so that a stuck action can't
 * fill the memory.
 */
const MAX_WAITING = 10_000;

/** Throws SqlParseException for a statement or an action that this emulation cannot run. */
export function compileTopicRule(
  rule: Pick<TopicRule, 'sql' | 'actions' | 'errorAction'>,
): Omit<CompiledRule, 'rule'> {
  return {
    statement: parseRuleSql(rule.sql),
    actions: rule.actions.map(parseAction),
    ...(rule.errorAction && { errorAction: parseAction(rule.errorAction) }),
  };
}

export function createRuleEngine(options: RuleEngineOptions): RuleEngine {
  const compiled = new WeakMap<TopicRule, CompiledRule | 'broken'>();
  const chains = new Map<string, { tail: Promise<void>; waiting: number }>();
  let isClosed = false;

  function compile(rule: TopicRule): CompiledRule | 'broken' {
    const known = compiled.get(rule);
    if (known) return known;
    const result = compileOrReport(rule, options.log);
    compiled.set(rule, result);
    return result;
  }

  /**
   * One client's messages keep their order within a rule, and clients do not wait for each other. Each turn of the
   * event loop handles at most one message of a client, so that no client blocks this process.
   */
  function enqueue(key: string, run: () => Promise<void>): void {
    const chain = chains.get(key) ?? { tail: Promise.resolve(), waiting: 0 };
    if (chain.waiting >= MAX_WAITING) {
      options.log.warn('rule message dropped: too many wait before it', { rule: key.split('\n')[0] });
      return;
    }
    chain.waiting += 1;
    chain.tail = chain.tail
      .then(() => (isClosed ? undefined : run()))
      .finally(nextTurn)
      .finally(() => {
        chain.waiting -= 1;
        if (chain.waiting === 0) chains.delete(key);
      });
    chains.set(key, chain);
  }

  async function drain(): Promise<void> {
    while (chains.size > 0) await Promise.all([...chains.values()].map((chain) => chain.tail));
  }

  return {
    process(message) {
      // No public source shows a rule that receives Device Defender's reports, so no rule here receives them.
      if (parseDefenderTopic(message.topic)) return;
      if ((message.hops ?? 0) > MAX_HOPS) {
        options.log.warn('rules go round in a circle; message dropped', { topic: message.topic });
        return;
      }
      for (const rule of options.rules()) {
        if (rule.ruleDisabled) continue;
        const ready = compile(rule);
        if (ready === 'broken' || !matchesFilter(ready.statement.filter, message.topic)) continue;
        // A message over HTTPS has no client id.
        const sender = message.clientId ?? message.principal ?? '';
        enqueue(`${rule.ruleName}\n${sender}`, () => runRule(ready, message, options));
      }
    },
    drain,
    close() {
      isClosed = true;
      return drain();
    },
  };
}

function compileOrReport(rule: TopicRule, log: LocalLog): CompiledRule | 'broken' {
  try {
    return { rule, ...compileTopicRule(rule) };
  } catch (error) {
    log.warn('topic rule not run', { rule: rule.ruleName, reason: toMessage(error) });
    return 'broken';
  }
}

async function runRule(
  compiled: CompiledRule,
  message: RuleMessage,
  options: RuleEngineOptions,
): Promise<void> {
  const { rule, statement, actions } = compiled;
  const payload = selectOrReport(statement, message, rule.ruleName, options.log);
  if (payload === undefined) return;
  const run = { ruleName: rule.ruleName, hops: (message.hops ?? 0) + 1, options };
  const failures = (await Promise.all(actions.map((action) => tryAction(action, payload, run)))).filter(
    (failure) => failure !== undefined,
  );
  if (failures.length === 0) return;
  options.log.warn('rule action failed', { rule: rule.ruleName, failures });
  if (!compiled.errorAction) return;
  const report = Buffer.from(JSON.stringify(toErrorReport(rule.ruleName, message, failures)));
  const failure = await tryAction(compiled.errorAction, report, run);
  if (failure) options.log.warn('rule error action failed', { rule: rule.ruleName, failure });
}

function selectOrReport(
  statement: RuleStatement,
  message: RuleMessage,
  ruleName: string,
  log: LocalLog,
): Buffer | undefined {
  try {
    return selectPayload(statement, message);
  } catch (error) {
    const reason =
      error instanceof PayloadNotJsonError ? error.message : 'The statement could not be evaluated';
    log.warn('rule skipped a message', { rule: ruleName, topic: message.topic, reason });
    return undefined;
  }
}

interface ActionFailure {
  readonly failedAction: string;
  readonly failedResource: string;
  readonly errorMessage: string;
}

interface RuleRun {
  readonly ruleName: string;
  readonly hops: number;
  readonly options: RuleEngineOptions;
}

async function tryAction(
  action: RuleAction,
  payload: Buffer,
  { ruleName, hops, options }: RuleRun,
): Promise<ActionFailure | undefined> {
  try {
    if (action.type === 'republish')
      options.republish({ topic: action.topic, payload, qos: action.qos }, hops);
    else await options.performRuleAction(action, payload, ruleName);
    return undefined;
  } catch (error) {
    return { ...nameFailed(action), errorMessage: toMessage(error) };
  }
}

/** "Error handling (error action)" of the AWS IoT developer guide. */
function toErrorReport(ruleName: string, message: RuleMessage, failures: readonly ActionFailure[]) {
  return {
    ruleName,
    topic: message.topic,
    cloudwatchTraceId: randomUUID(),
    clientId: message.clientId ?? 'n/a',
    base64OriginalPayload: message.payload.toString('base64'),
    failures,
  };
}

function toMessage(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : String(error);
}
