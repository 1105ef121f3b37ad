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
  readonly policyCacheMs: number;
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
  const all = [...planned, ...kept];
  return [...all, ...planBridge(all, context)].toSorted((a, b) => Number(isCut(a)) - Number(isCut(b)));
}

/**
 * A device that was cut may come back at once with the policies that IoT Core has cached, but not with a certificate
 * that is not ACTIVE (API reference, UpdateCertificate). So its own certificates are inactive for that time; one that
 * others use as well is left alone, and the device is cut at each connect.
 */
function planBridge(ledger: readonly LedgerEntry[], context: PlanContext): LedgerEntry[] {
  const { configuration, facts, policyCacheMs, now } = context;
  const wanted =
    policyCacheMs > 0 &&
    configuration.quarantine.untilPoliciesSpread === 'deactivate-certificate' &&
    ledger.some(isPolicyDenial) &&
    ledger.some(isCut) &&
    !ledger.some(({ action }) => action === 'deactivate-certificate');
  const principals = facts.kind === 'known' ? facts.principals : [];
  const active = principals.every(({ status, sharedWith }) => status === 'ACTIVE' && sharedWith.length === 0);
  if (!wanted || principals.length === 0 || !active) return [];
  const prior = findPrior('deactivate-certificate', context);
  const bridge = { spreadMs: policyCacheMs };
  return [{ action: prior.action, bridge, status: 'planned', prior, plannedAt: now, attempts: 0 }];
}

/** Denies by policies, which IoT Core caches. */
export function isPolicyDenial({ action }: Pick<LedgerEntry, 'action'>): boolean {
  return action === 'quarantine' || action === 'deny-certificate' || action === 'replace-policy-version';
}

/** The deactivation that bridges the cache, while it stands or may stand. */
export function findBridge(
  ledger: readonly LedgerEntry[],
): (LedgerEntry & Required<Pick<LedgerEntry, 'bridge'>>) | undefined {
  for (const { bridge, ...entry } of ledger)
    if (bridge && entry.status !== 'reverted' && entry.status !== 'conflict') return { ...entry, bridge };
  return undefined;
}

/** When the bridge may go, epoch ms; undefined where there is none, or a denial by policy is not verified. */
export function findBridgeEnd(ledger: readonly LedgerEntry[]): number | undefined {
  const bridge = findBridge(ledger)?.bridge;
  if (!bridge || !isDeniedByPolicy(ledger)) return undefined;
  const denials = listPolicyDenials(ledger);
  return Math.max(...denials.map(({ appliedAt, plannedAt }) => appliedAt ?? plannedAt)) + bridge.spreadMs;
}

/** Whether each denial by policy is verified. */
export function isDeniedByPolicy(ledger: readonly LedgerEntry[]): boolean {
  const denials = listPolicyDenials(ledger);
  return denials.length > 0 && denials.every(({ status }) => status === 'verified');
}

function listPolicyDenials(ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger.filter((entry) => isPolicyDenial(entry) && entry.status !== 'reverted');
}

/** Takes in certificates that were attached to the thing while it was held; those entries are applied again. */
export function extendLedger(ledger: readonly LedgerEntry[], context: PlanContext): LedgerEntry[] {
  return ledger.map((entry) => {
    if (entry.bridge || entry.status === 'reverted') return entry;
    const prior = extendPrior(entry.prior, context);
    return prior ? { ...entry, prior, status: 'planned' } : entry;
  });
}

function extendPrior(prior: PriorState, context: PlanContext): PriorState | undefined {
  const fresh = findPrior(prior.action, context);
  if (prior.action === 'quarantine' && fresh.action === 'quarantine') {
    const principals = [...new Set([...prior.principals, ...fresh.principals])];
    return principals.length > prior.principals.length ? { ...prior, principals } : undefined;
  }
  if (prior.action === 'deny-certificate' && fresh.action === 'deny-certificate') {
    const more = fresh.certificates.filter(({ arn }) => !prior.certificates.some((old) => old.arn === arn));
    return more.length > 0 ? { ...prior, certificates: [...prior.certificates, ...more] } : undefined;
  }
  if (prior.action === 'deactivate-certificate' && fresh.action === 'deactivate-certificate') {
    const known = new Set(prior.certificates.map(({ certificateId }) => certificateId));
    const more = fresh.certificates.filter(({ certificateId }) => !known.has(certificateId));
    return more.length > 0 ? { ...prior, certificates: [...prior.certificates, ...more] } : undefined;
  }
  if (prior.action === 'replace-policy-version' && fresh.action === 'replace-policy-version') {
    const known = new Set(prior.policies.map(({ policyName }) => policyName));
    const more = fresh.policies.filter(({ policyName }) => !known.has(policyName));
    const principals = [...new Set([...prior.principals, ...fresh.principals])];
    const grows = more.length > 0 || principals.length > prior.principals.length;
    return grows ? { ...prior, principals, policies: [...prior.policies, ...more] } : undefined;
  }
  return undefined;
}

/** Has the bridge undone if its time has passed; one whose denial by policy was lost meanwhile has to wait anew. */
export function endBridge(ledger: readonly LedgerEntry[], now: number): readonly LedgerEntry[] {
  const endsAt = findBridgeEnd(ledger);
  const isOver = endsAt !== undefined && endsAt <= now;
  return ledger.map(({ bridge, ...entry }) =>
    bridge ? { ...entry, bridge: { spreadMs: bridge.spreadMs, ...(isOver && { over: true }) } } : entry,
  );
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

/** When the broker was first told to refuse the device; it may go on with cached policies for a while. */
export function findDeniedAt(ledger: readonly LedgerEntry[]): number | undefined {
  const applied = ledger.flatMap((entry) =>
    (isPolicyDenial(entry) || (entry.action === 'deactivate-certificate' && !entry.bridge)) &&
    entry.status !== 'reverted' &&
    entry.appliedAt !== undefined
      ? [entry.appliedAt]
      : [],
  );
  return applied.length > 0 ? Math.min(...applied) : undefined;
}
