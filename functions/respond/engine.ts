import { createHash } from 'node:crypto';
import { resolve } from '../../shared/domain/asking';
import type { Case } from '../../shared/domain/case/case';
import { settle } from '../../shared/domain/case/settle';
import { nextStep } from '../../shared/domain/case/steps';
import type { Command } from '../../shared/domain/decide/command';
import { decide, hasUnfinished } from '../../shared/domain/decide/decide';
import type { Context, Decision } from '../../shared/domain/decide/decision';
import { isDrill } from '../../shared/domain/drill';
import { killSwitchFor } from '../../shared/domain/guards/kill-switch';
import { measure } from '../../shared/domain/messages/announcement';
import { describeRefusal } from '../../shared/domain/messages/describe-reason';
import type { KillSwitchReader } from '../../shared/ports/aws';
import type { Metrics } from '../../shared/ports/runtime';
import type { Refusals } from '../../shared/ports/storage';
import { type AnswerPorts, createAnswers } from './answer-needs';
import { findChanged } from './left-changed';
import { flush, type OutboxPorts } from './outbox';
import type { ActionOptions, ActionPorts } from './perform';
import { performSteps, save } from './perform-steps';
import { renewWaiting } from './waiting-plans';

export interface EnginePorts extends ActionPorts, AnswerPorts, OutboxPorts {
  readonly refusals: Refusals;
  readonly metrics: Metrics;
}

/**
 * The only writer of cases. Invariants: the plan is saved before the first call that changes anything; the outcomes of the
 * steps taken at once are saved before what follows; the outbox is published after the state that it announces is saved, and
 * cleared after that. So a crash anywhere repeats at most the idempotent steps in flight when the command is delivered
 * again, and loses none.
 */
export function createEngine(ports: EnginePorts, options: ActionOptions) {
  return async (command: Command, commandId: string, attempt: number): Promise<void> => {
    const { thingName } = command;
    const readSwitch: KillSwitchReader = async () => killSwitchFor(command, await ports.killSwitch());
    // At the same time, as most commands find the switch in the cache.
    const [found, killSwitch] = await Promise.all([ports.cases.load(thingName), readSwitch()]);
    let stored = found;
    // A new case would start with an empty outbox: first send what the closed one still owes.
    if (stored?.value.status === 'closed' && hasUnfinished(stored.value)) stored = await flush(stored, ports);
    // A command delivered again after it was saved is not decided again: else a release, for example, would restart.
    const isTakenUp = stored?.value.lastCommandId === commandId;
    const newCaseId = nameCase(thingName, commandId);
    const context: Context = { ...options, killSwitch, thingName, newCaseId, now: ports.clock() };
    const answers = createAnswers(stored?.value, context, attempt, ports);
    const decision: Decision = isTakenUp
      ? { outcome: 'unchanged', reason: { code: 'taken-up-before' } }
      : await resolve(decide(stored?.value, command, context), answers);
    if (!isTakenUp) await recordAnswer(command, decision, ports);
    if (decision.outcome === 'changed')
      stored = await save({ ...decision.next, lastCommandId: commandId }, stored?.version ?? 0, ports);
    else
      ports.log.info('command changes nothing', {
        thingName,
        type: command.type,
        reason: describeRefusal(decision.reason),
      });
    if (!stored) return;
    const before = stored.value;
    const isIdle = !hasUnfinished(before) && !nextStep(before, new Set());
    if (isTakenUp ? isIdle : decision.outcome === 'unchanged' && !hasUnfinished(before)) return;
    // A repeated alarm causes no step and no announcement, and must not postpone the due time.
    if (command.type === 'violation' && isIdle) return;
    // A comment must neither start a step before its time nor postpone one.
    if (isNote(command)) return void (await flush(stored, ports));
    const begun = await renewWaiting(stored.value, found?.value, options, {
      isRepeated: isTakenUp || attempt > 1,
      readSwitch,
      readFacts: async (about) => answers.facts(about),
      now: context.now,
    });
    // Before anything else changes in AWS.
    if (begun !== stored.value) stored = await save(begun, stored.version, ports);
    const performed = await performSteps(stored, ports, options, attempt, readSwitch);
    const changed = await findChanged(performed.value, ports, options.denyPolicyName);
    const settled = settle(performed.value, ports.clock(), await readSwitch(), changed);
    measureChange(before, settled, ports.metrics);
    await flush(await save(settled, performed.version, ports), ports);
  };
}

/**
 * Tells an operator why a command was refused. This happens before the case records the refusal, so a crash in between
 * repeats both. A refusal that no case records is an entry of its own in the audit.
 */
async function recordAnswer(
  command: Command,
  decision: Decision,
  { refusals, clock }: EnginePorts,
): Promise<void> {
  if (!('actor' in command) || command.requestId === undefined) return;
  const { thingName, requestId, type, actor, caseId } = command;
  const now = clock();
  if (decision.outcome === 'unchanged') {
    const act = { command: type, actor, ...(caseId !== undefined && { caseId }) };
    await refusals.record({ thingName, requestId, refusal: decision.reason, now, act });
  } else if (decision.refusal)
    await refusals.record({ thingName, requestId, refusal: decision.refusal, now });
}

function isNote({ type }: Command): boolean {
  return type === 'comment' || type === 'assign';
}

/** A new case gets the same id from the same command, however often that is delivered. */
function nameCase(thingName: string, commandId: string): string {
  return createHash('sha256').update(`${thingName}#${commandId}`).digest('hex').slice(0, 24);
}

function measureChange(before: Case, after: Case, metrics: Metrics): void {
  if (before.status === after.status || isDrill(after.thingName)) return;
  const { appliedMs, verifiedMs, decidedMs } = measure(after);
  if (after.status === 'contained') {
    metrics.count('Contained');
    if (appliedMs !== undefined) metrics.time('AlertToAppliedMs', appliedMs);
    if (verifiedMs !== undefined) metrics.time('AlertToVerifiedMs', verifiedMs);
    if (decidedMs !== undefined) metrics.time('DecisionToVerifiedMs', decidedMs);
  }
  if (after.status === 'containment-failed') metrics.count('ContainmentFailed');
  if (after.status === 'release-conflict') metrics.count('ReleaseConflict');
  if (after.status === 'closed') metrics.count('CaseClosed');
}
