import type { PriorState } from './case';
import type { ActionName, Configuration } from './configuration';
import type { Facts } from './facts';

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

type KnownFacts = Extract<Facts, { kind: 'known' }>;

/** What the action finds now, before it changes anything. */
export function findPrior(action: ActionName, context: PlanContext): PriorState {
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

/** Takes in certificates that came since; undefined where there are none. */
export function extendPrior(prior: PriorState, context: PlanContext): PriorState | undefined {
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
