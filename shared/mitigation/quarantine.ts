import type { Detail } from '../domain/case/details';
import { isNotFound } from '../errors';
import { done, type MitigationAction, type PriorOf, reverted, unverified } from './action';
import { denialRights, testDenial } from './denial';

/**
 * Puts the thing into the quarantine group, whose policy denies everything but the kept topics. A group policy bites
 * only if the client id is the thing name (IoT developer guide, "Thing group policies").
 */
export const quarantine: MitigationAction<PriorOf<'quarantine'>> = {
  rights: ({ quarantine: { thingGroup } }) => ({
    always: [
      {
        actions: ['iot:AddThingToThingGroup', 'iot:RemoveThingFromThingGroup'],
        resources: ['thing/*', `thinggroup/${thingGroup}`],
      },
      { actions: ['iot:ListThingGroupsForThing'], resources: ['thing/*'] },
      ...denialRights,
    ],
  }),

  async apply({ thingGroup }, { thingName, things }) {
    await things.addToGroup(thingName, thingGroup);
    return done({ code: 'in-group', thingGroup });
  },

  async verify({ thingGroup, principals }, context) {
    // If a certificate is denied itself, the answer would not show what the group does.
    const others = principals.filter((arn) => !context.deniedCertificates.includes(arn));
    const denial = {
      principals: others,
      clientIds: context.clientIds,
      policyName: context.denyPolicyName,
      document: context.denyDocument,
      groupOf: context.thingName,
    };
    // At the same time: each answer takes AWS IoT tens of milliseconds, in which nothing is proven.
    const [groups, denied] = await Promise.all([
      context.things.listGroups(context.thingName),
      others.length === 0 && principals.length > 0
        ? done({ code: 'in-group', thingGroup, isDeniedOtherwise: true })
        : testDenial(denial, context),
    ]);
    return groups.includes(thingGroup) ? denied : unverified({ code: 'not-in-group-yet', thingGroup });
  },

  async revert({ thingGroup, memberBefore }, { thingName, things, touched }) {
    const groups = await things.listGroups(thingName).catch(goneIfNotFound);
    if (!groups) return reverted([{ code: 'thing-deleted' }], [{ code: 'thing-deleted' }]);
    const member = groups.includes(thingGroup);
    if (touched !== 'maybe' && member !== memberBefore) {
      const changed: Detail = { code: 'group-changed', change: member ? 'joined' : 'left', thingGroup };
      return reverted([changed], [changed]);
    }
    if (memberBefore)
      return member
        ? done({ code: 'stays-in-group', thingGroup })
        : { result: 'conflict', detail: [{ code: 'taken-out-of-group', thingGroup }] };
    if (!member) return done({ code: 'not-in-group', thingGroup });
    await things.removeFromGroup(thingName, thingGroup);
    if ((await things.listGroups(thingName)).includes(thingGroup))
      throw new Error('the group membership is still listed after its removal');
    return done({ code: 'left-group', thingGroup });
  },
};

function goneIfNotFound(error: unknown): undefined {
  if (!isNotFound(error)) throw error;
}
