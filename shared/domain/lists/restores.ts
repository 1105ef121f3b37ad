import type { ActionName, PriorState } from '../actions/registry';
import type { Case } from '../case/case';

/** What a release would change back. */
export interface Restoration {
  readonly action: ActionName;
  readonly object:
    | 'thing group'
    | 'attached policy'
    | 'policy version'
    | 'certificate'
    | 'job'
    | 'mitigation task';
  readonly name: string;
  /** As the containment left it. */
  readonly now: string;
  /** As it was, and will be. */
  readonly before: string;
}

type Change = Omit<Restoration, 'action'>;
type Describe = { readonly [A in ActionName]: (prior: Extract<PriorState, { action: A }>) => Change[] };

const describe: Describe = {
  quarantine: ({ thingGroup: name, memberBefore }) =>
    memberBefore ? [] : [{ object: 'thing group', name, now: 'a member', before: 'no member' }],
  disconnect: () => [],
  'deny-certificate': ({ policyName, certificates }) =>
    certificates
      .filter(({ attachedBefore }) => !attachedBefore)
      .map(({ arn }) => ({
        ...({ object: 'attached policy', name: arn.slice(arn.lastIndexOf('/') + 1) } as const),
        ...{ now: `${policyName} attached`, before: 'not attached' },
      })),
  'replace-policy-version': ({ policies }) =>
    policies.map(({ policyName: name, defaultVersionId }) => ({
      ...({ object: 'policy version', name } as const),
      ...{
        now: 'the version that denies is the default',
        before: `version ${defaultVersionId} is the default`,
      },
    })),
  'deactivate-certificate': ({ certificates }) =>
    certificates
      .filter(({ statusBefore }) => statusBefore === 'ACTIVE' || statusBefore === 'unknown')
      .map(({ certificateId: name, statusBefore }) => ({
        ...({ object: 'certificate', name } as const),
        ...{ now: 'INACTIVE', before: statusBefore === 'unknown' ? 'as it was found' : statusBefore },
      })),
  'detect-mitigation-task': () => [
    { object: 'mitigation task', name: 'Device Defender', now: 'done', before: 'what the task allows' },
  ],
  job: ({ jobId: name }) => [{ object: 'job', name, now: 'created', before: 'cancelled' }],
};

/** By action, in the order of the ledger; nothing of what is reverted already. */
export function listRestorations({ ledger }: Pick<Case, 'ledger'>): Restoration[] {
  return ledger
    .filter(({ status }) => status !== 'reverted')
    .flatMap(({ action, prior }) => describePrior(prior).map((change) => ({ action, ...change })));
}

function describePrior(prior: PriorState): Change[] {
  return (describe[prior.action] as (prior: PriorState) => Change[])(prior);
}
