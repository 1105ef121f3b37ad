import type { ActionName } from '../domain/actions/registry';
import { resolveNow } from '../domain/asking';
import type { Case } from '../domain/case/case';
import { findReleaseAt } from '../domain/case/release-rule';
import { settle } from '../domain/case/settle';
import { nextStep, recordOutcome } from '../domain/case/steps';
import type { Configuration } from '../domain/configuration';
import type { Command } from '../domain/decide/command';
import { decide } from '../domain/decide/decide';
import type { Context } from '../domain/decide/decision';
import type { DecisionQuestions } from '../domain/decide/questions';
import type { Facts } from '../domain/facts';
import type { Finding } from '../domain/findings/finding';
import { findFleetLimit } from '../domain/guards/fleet-limit';
import { describeReason } from '../domain/messages/describe-reason';
import { type ThingKey, thingKey } from '../domain/thing-ref';
import { createFleetWindow } from './fleet-window';

export interface Simulation {
  readonly configuration: Configuration;
  readonly violations: readonly Finding[];
  readonly factsOf: (thingName: string) => Facts;
  readonly fleetSize: number | undefined;
}

/** The strongest outcome for a thing. */
export interface Response {
  readonly outcome: 'contained' | 'asked' | 'observed';
  readonly playbook: string | undefined;
  readonly actions: readonly ActionName[];
  readonly reason: string | undefined;
  /** How often it was contained. */
  readonly containments: number;
  /** How often a containment waited for approval. */
  readonly questions: number;
  /** How often time released it. */
  readonly releases: number;
}

const ranks = { observed: 1, asked: 2, contained: 3 } as const;

/**
 * Runs violations, in order of time, through a configuration as respond does. Every step succeeds at once, and nobody
 * approves, rejects or releases. The result has only things for which a case was opened. Before each violation but the
 * first, it yields how many are done, so that the caller can show the progress or stop.
 */
export function* simulate(simulation: Simulation): Generator<number, Map<string, Response>> {
  const cases = new Map<string, Case>();
  const responses = new Map<string, Response>();
  const { guards } = simulation.configuration;
  const window = createFleetWindow(findFleetLimit(guards, simulation.fleetSize), guards.fleetLimit.within);
  for (const [index, violation] of simulation.violations.entries()) {
    if (index > 0) yield index;
    const { occurredAt: now } = violation;
    const thingName = thingKey(violation.thingName);
    const context = createContext(simulation, thingName, `case-${index}`, now);
    const facts = simulation.factsOf(thingName);
    const stored = cases.get(thingName);
    const before = stored && letTimePass(stored, now, context, facts, responses);
    const answers = createAnswers(facts, () => window?.reserve(thingName, now) ?? true);
    const after = take(before, { type: 'violation', thingName, violation }, context, answers);
    if (after !== undefined) cases.set(thingName, after);
    if (after !== undefined && after !== before) note(responses, before, after);
  }
  return responses;
}

function createContext(
  { configuration }: Simulation,
  thingName: ThingKey,
  newCaseId: string,
  now: number,
): Context {
  return {
    thingName,
    configuration,
    killSwitch: { state: 'off' },
    policyCacheMs: 0,
    denyPolicyName: 'cordon-quarantine',
    denyDocument: '{}',
    newCaseId,
    now,
  };
}

/** Answers what a decision asks for: nobody else holds a certificate, and every notice is granted. */
function createAnswers(facts: Facts, reservation: () => boolean): DecisionQuestions {
  return { facts: () => facts, holders: () => [], reservation, fleetNotice: () => true };
}

/** Handles one command as respond does. */
function take(
  current: Case | undefined,
  command: Command,
  context: Context,
  answers: DecisionQuestions,
): Case | undefined {
  const decision = resolveNow(decide(current, command, context), answers);
  return decision.outcome === 'changed' ? finish(decision.next, context.now) : current;
}

/** Every step succeeds. Announcements are dropped. */
function finish(planned: Case, now: number): Case {
  let record = planned;
  const seen = new Set<ActionName>();
  for (let step = nextStep(record, seen); step; step = nextStep(record, seen)) {
    record = recordOutcome(record, step, { result: 'done', detail: [] }, now);
    if (step.kind === 'verify') seen.add(step.entry.action);
  }
  return { ...settle(record, now), outbox: { announcements: [], timeline: [] } };
}

/** Plays the sweep until now: releases by time, and approval requests that expire. */
function letTimePass(
  stored: Case,
  now: number,
  context: Context,
  facts: Facts,
  responses: Map<string, Response>,
): Case {
  const dueAt = stored.status === 'contained' ? findReleaseAt(stored) : findExpiry(stored);
  if (dueAt === undefined || dueAt > now) return stored;
  const due = { ...context, now: dueAt };
  const resume: Command = { type: 'resume', thingName: stored.thingName };
  const after =
    take(
      { ...stored, dueAt },
      resume,
      due,
      createAnswers(facts, () => true),
    ) ?? stored;
  if (stored.status === 'contained' && after.status === 'closed') {
    const response = responses.get(stored.thingName);
    if (response) responses.set(stored.thingName, { ...response, releases: response.releases + 1 });
  }
  return after;
}

function findExpiry({ status, dueAt }: Case): number | undefined {
  return status === 'awaiting-approval' ? dueAt : undefined;
}

/** Keeps the strongest outcome for the thing, and counts them. */
function note(responses: Map<string, Response>, before: Case | undefined, after: Case): void {
  const outcome = findOutcome(after);
  if (!outcome) return;
  const known = responses.get(after.thingName);
  const begins = before?.status !== after.status || before.caseId !== after.caseId;
  const counts = {
    containments: (known?.containments ?? 0) + Number(begins && outcome === 'contained'),
    questions: (known?.questions ?? 0) + Number(begins && outcome === 'asked'),
    releases: known?.releases ?? 0,
  };
  // The first of equal outcomes is kept. A containment with more actions is stronger.
  const actions = after.ledger.map(({ action }) => action);
  const more =
    !known ||
    ranks[outcome] > ranks[known.outcome] ||
    (outcome === known.outcome && actions.length > known.actions.length);
  const reason = after.reason && describeReason(after.reason);
  const told = more ? { outcome, playbook: after.playbook, actions, reason } : known;
  responses.set(after.thingName, { ...told, ...counts });
}

function findOutcome({ status }: Case): Response['outcome'] | undefined {
  if (status === 'contained') return 'contained';
  if (status === 'awaiting-approval') return 'asked';
  return status === 'observed' ? 'observed' : undefined;
}
