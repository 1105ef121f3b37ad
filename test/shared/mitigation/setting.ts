import type { PriorState } from '../../../shared/domain/actions/registry';
import type { Outcome } from '../../../shared/domain/case/steps';
import { describeAll } from '../../../shared/domain/messages/describe-detail';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { MitigationAction, MitigationContext } from '../../../shared/mitigation/action';
import type { Things } from '../../../shared/ports/aws';
import { now } from '../../builders';
import { fakeClientIds, fakeConnections, fakeLeases, fakeThings } from '../../fakes';
import { fakeCertificates, fakeDefender, fakeJobs, fakePolicies } from '../../fakes-actions';

export const denyDocument = '{"deny":true}';

type PolicyFake = ReturnType<typeof fakePolicies>;

/** Things whose certificates hold the stored policies, so that a denial counts whichever action made it. */
export function withPolicies(things: Things, { stored }: Pick<PolicyFake, 'stored'>): Things {
  const listPolicies = (arn: string) =>
    [...stored].flatMap(([name, { targets }]) => (targets.has(arn) ? name : []));
  const denies = (policyName: string) => {
    const policy = stored.get(policyName);
    return policy?.versions.get(policy.defaultVersionId)?.includes('"deny"') === true;
  };
  return {
    ...things,
    listPolicies: async (arn) => listPolicies(arn),
    testPublish: async (arn, clientId, topic) =>
      listPolicies(arn).some(denies) ? 'EXPLICIT_DENY' : things.testPublish(arn, clientId, topic),
  };
}

/** `mything1` with one certificate, and all that an action may touch. */
export function aSetting(over: Partial<MitigationContext> = {}) {
  const registered = fakeThings();
  const policies = fakePolicies();
  const certificates = fakeCertificates();
  const jobs = fakeJobs();
  const defender = fakeDefender();
  const held = fakeLeases();
  registered.register('mything1');
  for (const digit of 'abcdef') certificates.statuses.set(digit.repeat(64), 'ACTIVE');
  const context: MitigationContext = {
    thingName: thingKey('mything1'),
    clientIds: ['mything1'],
    deniedAt: now,
    policyCacheMs: 0,
    denyPolicyName: 'cordon-quarantine',
    denyDocument,
    ownCertificates: [],
    heldCertificates: [],
    knownIds: fakeClientIds().clientIds,
    deniedCertificates: [],
    temporarilyInactive: [],
    touched: 'maybe',
    jobDocument: '{"operation":"collect"}',
    things: withPolicies(registered.things, policies),
    connections: fakeConnections().connections,
    policies: policies.policies,
    certificates: certificates.certificates,
    jobs: jobs.jobs,
    defender: defender.defender,
    leases: held.leases,
    clock: () => now,
    ...over,
  };
  return { context, registered, policies, certificates, jobs, defender, held };
}

/** The documents of a policy by version id, and which is the default. */
export function readPolicy({ stored }: Pick<PolicyFake, 'stored'>, policyName: string) {
  const policy = stored.get(policyName);
  if (!policy) throw new Error(`no policy ${policyName}`);
  return {
    versions: Object.fromEntries(policy.versions),
    defaultVersionId: policy.defaultVersionId,
    targets: [...policy.targets],
  };
}

/** An outcome in words, as the timeline has it. */
export function told(outcome: Outcome) {
  const { detail, ...rest } = outcome;
  const left = 'left' in outcome && outcome.left && { left: outcome.left.map((one) => describeAll([one])) };
  return { ...rest, detail: describeAll(detail), ...left };
}

/** An action whose outcomes are in words. */
export function inWords<P extends PriorState>(action: MitigationAction<P>) {
  const { apply, verify, revert } = action;
  return {
    apply: async (prior: P, context: MitigationContext) => told(await apply.call(action, prior, context)),
    verify: async (prior: P, context: MitigationContext) => told(await verify.call(action, prior, context)),
    revert: async (prior: P, context: MitigationContext) => told(await revert.call(action, prior, context)),
  };
}
