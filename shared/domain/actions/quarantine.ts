import { type ActionDescriptor, findNew } from './descriptor';

interface QuarantinePrior {
  readonly action: 'quarantine';
  readonly thingGroup: string;
  readonly memberBefore: boolean;
  readonly groupsBefore: readonly string[];
  readonly principals: readonly string[];
}

/**
 * The policy of a thing group binds only a client whose id is the thing's name (IoT developer guide, "Thing group
 * policies"), and a thing can be in ten groups at most (IoT Core quotas): hence the backup.
 */
export const quarantine: ActionDescriptor<QuarantinePrior, 'deny-certificate'> = {
  words: {
    does: 'adds the thing to the quarantine group, which has a deny policy',
    release: 'removes it, unless it was a member before',
  },
  means: 'policy',
  backup: {
    action: 'deny-certificate',
    isCovered: ({ principals }, denied) => principals.every((arn) => denied.has(arn)),
    words: {
      reason: 'the thing can’t enter the quarantine group',
      missing: 'not in the quarantine group',
      inItsPlace: 'its certificates are denied instead',
      inPlace: 'the quarantine group denies instead',
    },
  },
  findPrior({ configuration, facts: { groups, principals } }) {
    const { thingGroup } = configuration.quarantine;
    return {
      action: 'quarantine',
      thingGroup,
      memberBefore: groups.includes(thingGroup),
      groupsBefore: groups,
      principals: principals.map(({ arn }) => arn),
    };
  },
  extendPrior(prior, { principals }) {
    const more = findNew(prior.principals, principals, (arn) => arn);
    return more.length > 0 ? { ...prior, principals: [...prior.principals, ...more] } : undefined;
  },
  renewPrior: (prior, { memberBefore, groupsBefore }) => ({ ...prior, memberBefore, groupsBefore }),
  listRestored: ({ thingGroup: name, memberBefore }) =>
    memberBefore ? [] : [{ object: 'thing group', name, now: 'a member', before: 'no member' }],
};
