import { type ActionName, descriptorOf, type PriorState } from '../actions/registry';
import type { Configuration } from '../configuration';
import type { Facts } from '../facts';

export interface PlanContext {
  readonly caseId: string;
  readonly configuration: Configuration;
  readonly facts: Facts;
  readonly clientIds: readonly string[];
  readonly violationIds: readonly string[];
  /** Name of the policy that denies everything but the kept topics. */
  readonly denyPolicyName: string;
  readonly denyDocument: string;
  readonly policyCacheMs: number;
  readonly now: number;
}

/**
 * The state that the action finds now, before it changes anything. `isAgain`: the case had the action before, and
 * reverted it.
 */
export function findPrior(action: ActionName, context: PlanContext, isAgain = false): PriorState {
  const { facts, caseId, now } = context;
  if (facts.kind !== 'known') throw new Error('a containment is planned only with known facts');
  const run = isAgain ? `${caseId}-${now.toString(36)}` : caseId;
  return descriptorOf(action).findPrior({ ...context, facts, run });
}

/** Adds newly attached certificates; undefined if there are none. */
export function extendPrior(prior: PriorState, context: PlanContext): PriorState | undefined {
  return descriptorOf(prior.action).extendPrior?.(prior, findPrior(prior.action, context));
}

/** The same objects with their present state. */
export function renewPrior(prior: PriorState, context: PlanContext): PriorState {
  return descriptorOf(prior.action).renewPrior?.(prior, findPrior(prior.action, context)) ?? prior;
}
