import type { LedgerEntry, PriorState } from './case';
import type { ActionName, Configuration } from './configuration';
import type { Facts } from './facts';

interface PlanContext {
  readonly caseId: string;
  readonly configuration: Configuration;
  readonly facts: Facts;
  readonly clientIds: readonly string[];
  readonly violationIds: readonly string[];
  /** Name of the policy that denies everything but the kept topics. */
  readonly denyPolicyName: string;
  readonly denyDocument: string;
  readonly now: number;
}

type KnownFacts = Extract<Facts, { kind: 'known' }>;

/**
 * Plans each action with the state it finds. An entry that still holds the thing keeps its prior state: that, not
 * the present one, is what release must restore. Denials come first, so that what is cut can't come back.
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
  return [...planned, ...kept].toSorted((a, b) => Number(isCut(a)) - Number(isCut(b)));
}

function isCut({ action }: LedgerEntry): boolean {
  return action === 'disconnect';
}

function findPrior(action: ActionName, context: PlanContext): PriorState {
  const { facts } = context;
  if (facts.kind !== 'known') throw new Error('a containment is planned only with known facts');
  const principals = facts.principals.map(({ arn }) => arn);
  switch (action) {
    case 'quarantine': {
      const { thingGroup } = context.configuration.quarantine;
      const memberBefore = facts.groups.includes(thingGroup);
      return { action, thingGroup, memberBefore, groupsBefore: facts.groups, principals };
    }
    case 'disconnect':
      return { action, clientIds: context.clientIds };
    case 'deny-certificate':
      return {
        action,
        policyName: context.denyPolicyName,
        certificates: findDenied(facts, context.denyPolicyName),
      };
    case 'replace-policy-version': {
      const policies = (facts.policies ?? []).map(
        ({ sharedWith: _sharedWith, before, ...policy }) => before ?? policy,
      );
      return { action, document: context.denyDocument, policies, principals };
    }
    case 'deactivate-certificate': {
      const certificates = facts.principals.map(({ certificateId, status, before }) => ({
        certificateId,
        statusBefore: before?.statusBefore ?? status ?? 'unknown',
      }));
      return { action, certificates };
    }
    case 'detect-mitigation-task':
      return { action, taskId: `cordon-${context.caseId}`, violationIds: context.violationIds.slice(0, 25) };
    case 'job':
      return { action, jobId: `cordon-${context.caseId}` };
  }
}

function findDenied({ principals }: KnownFacts, denyPolicyName: string) {
  return principals.map(({ arn, policies, before }) => ({
    arn,
    attachedBefore: before?.attachedBefore ?? policies.includes(denyPolicyName),
  }));
}

/** Marks an action to be applied again. */
export function replan(ledger: readonly LedgerEntry[], action: ActionName): LedgerEntry[] {
  return ledger.map((entry) => (entry.action === action ? { ...entry, status: 'planned' } : entry));
}

const denials: readonly ActionName[] = [
  'quarantine',
  'deny-certificate',
  'replace-policy-version',
  'deactivate-certificate',
];

/** When the broker was first told to refuse the device; it may go on with cached policies for a while. */
export function findDeniedAt(ledger: readonly LedgerEntry[]): number | undefined {
  const applied = ledger.flatMap(({ action, status, appliedAt }) =>
    denials.includes(action) && status !== 'reverted' && appliedAt !== undefined ? [appliedAt] : [],
  );
  return applied.length > 0 ? Math.min(...applied) : undefined;
}
