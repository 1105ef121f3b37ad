import type { ActionName, PriorState } from '../actions/registry';
import type { Case } from '../case/case';

/** What a release would restore of one object, for people. */
export interface Restoration {
  readonly action: ActionName;
  /** `certificate`, `policy`, `thing group`. */
  readonly object: string;
  readonly name: string;
  /** As the containment left it. */
  readonly now: string;
  /** As the release restores it. */
  readonly before: string;
}

/** What a release of the case would restore; nothing where nothing holds the thing. Release compares first. */
export function listRestorations({ ledger }: Pick<Case, 'ledger'>): Restoration[] {
  return ledger
    .filter(({ status }) => status === 'applied' || status === 'verified' || status === 'conflict')
    .flatMap(({ prior }) => restore(prior).map((one) => ({ action: prior.action, ...one })));
}

function restore(prior: PriorState): Omit<Restoration, 'action'>[] {
  switch (prior.action) {
    case 'quarantine':
      return prior.memberBefore
        ? []
        : [{ object: 'thing group', name: prior.thingGroup, now: 'the thing is in it', before: 'not in it' }];
    case 'deny-certificate':
      return prior.certificates
        .filter(({ attachedBefore }) => !attachedBefore)
        .map(({ arn }) => ({
          object: 'certificate',
          name: arn.slice(arn.lastIndexOf('/') + 1),
          now: `policy ${prior.policyName} is attached`,
          before: 'not attached',
        }));
    case 'replace-policy-version':
      return prior.policies.map(({ policyName, defaultVersionId }) => ({
        object: 'policy',
        name: policyName,
        now: 'a version of Cordon is the default',
        before: `version ${defaultVersionId} is the default`,
      }));
    case 'deactivate-certificate':
      return prior.certificates
        .filter(({ statusBefore }) => statusBefore !== 'INACTIVE')
        .map(({ certificateId, statusBefore }) => ({
          object: 'certificate',
          name: certificateId,
          now: 'INACTIVE',
          before: statusBefore,
        }));
    default:
      return [];
  }
}
