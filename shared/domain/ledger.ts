import type { LedgerEntry, PriorState } from './case';
import type { ActionName, Configuration } from './configuration';
import type { Facts } from './facts';

interface PlanContext {
  readonly configuration: Configuration;
  readonly facts: Facts;
  readonly clientIds: readonly string[];
  readonly now: number;
}

/**
 * Plans each action with the state it finds. An entry that still holds the thing keeps its prior state: that, not
 * the present one, is what release must restore.
 */
export function planLedger(
  ledger: readonly LedgerEntry[],
  actions: readonly ActionName[],
  context: PlanContext,
): LedgerEntry[] {
  const kept = ledger.filter(({ action, status }) => status !== 'reverted' && !actions.includes(action));
  const planned = actions.map((action): LedgerEntry => {
    const held = ledger.find((entry) => entry.action === action && entry.status !== 'reverted');
    const prior = held?.prior ?? findPrior(action, context);
    return { action, status: 'planned', prior, plannedAt: context.now, attempts: 0 };
  });
  return [...planned, ...kept];
}

function findPrior(action: ActionName, { configuration, facts, clientIds }: PlanContext): PriorState {
  if (facts.kind !== 'known') throw new Error('a containment is planned only with known facts');
  if (action === 'disconnect') return { action, clientIds };
  const { thingGroup } = configuration.quarantine;
  return {
    action,
    thingGroup,
    memberBefore: facts.groups.includes(thingGroup),
    groupsBefore: facts.groups,
    principals: facts.principals.map(({ arn }) => arn),
  };
}

/** Marks an action to be applied again. */
export function replan(ledger: readonly LedgerEntry[], action: ActionName): LedgerEntry[] {
  return ledger.map((entry) => (entry.action === action ? { ...entry, status: 'planned' } : entry));
}
