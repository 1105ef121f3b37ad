import type { PriorPolicy } from '../facts';
import { type ActionDescriptor, findNew, renewEach } from './descriptor';
import { policyObject, replacedObject } from './lease';

interface ReplacePolicyVersionPrior {
  readonly action: 'replace-policy-version';
  /** Kept here, so that a release after a change of cordon.yml still knows its own version. */
  readonly document: string;
  readonly policies: readonly PriorPolicy[];
  readonly principals: readonly string[];
}

export const replacePolicyVersion: ActionDescriptor<ReplacePolicyVersionPrior> = {
  words: {
    does: "makes the deny document the default version of the thing's policies",
    release: 'sets the former default and removes the other',
  },
  means: 'policy',
  touches: 'policies',
  needs: 'policies',
  needsNaming: true,
  certificates: {
    object: replacedObject,
    list: ({ principals }) => principals.map((arn) => arn.slice(arn.lastIndexOf('/') + 1)),
  },
  findPrior: ({ facts: { policies = [], principals }, denyDocument }) => ({
    action: 'replace-policy-version',
    document: denyDocument,
    policies: policies.map(({ sharedWith: _sharedWith, before, ...policy }) => before ?? policy),
    principals: principals.map(({ arn }) => arn),
  }),
  extendPrior(prior, fresh) {
    const policies = findNew(prior.policies, fresh.policies, ({ policyName }) => policyName);
    const principals = findNew(prior.principals, fresh.principals, (arn) => arn);
    return policies.length + principals.length > 0
      ? {
          ...prior,
          policies: [...prior.policies, ...policies],
          principals: [...prior.principals, ...principals],
        }
      : undefined;
  },
  renewPrior: (prior, { policies }) => ({
    ...prior,
    policies: renewEach(prior.policies, policies, ({ policyName }) => policyName),
  }),
  listShared: ({ policies }) => policies.map(({ policyName }) => policyObject(policyName)),
  listRestored: ({ policies }) =>
    policies.map(({ policyName: name, defaultVersionId }) => ({
      object: 'policy version',
      name,
      now: 'the version that denies is the default',
      before: `version ${defaultVersionId} is the default`,
    })),
};
