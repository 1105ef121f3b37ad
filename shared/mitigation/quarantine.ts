import type { MitigationAction, PriorOf } from './action';

/**
 * Puts the thing into the quarantine group, whose policy denies everything but the kept topics. A group policy bites
 * only where the client id is the thing name (IoT developer guide, "Thing group policies").
 */
export const quarantine: MitigationAction<PriorOf<'quarantine'>> = {
  async apply({ thingGroup }, { thingName, things }) {
    await things.addToGroup(thingName, thingGroup);
    return { result: 'done', detail: `in group ${thingGroup}` };
  },

  async verify({ thingGroup, principals }, { thingName, clientIds, things }) {
    const groups = await things.listGroups(thingName);
    if (!groups.includes(thingGroup))
      return { result: 'not-so', detail: `not (yet) listed in group ${thingGroup}` };
    if (principals.length === 0)
      return {
        result: 'not-so',
        detail: 'no certificate is attached to the thing, so no denial can be shown',
      };
    for (const principal of principals) {
      for (const clientId of clientIds) {
        const decision = await things.testPublish(principal, clientId, `cordon-denial-test/${thingName}`);
        if (decision !== 'EXPLICIT_DENY')
          return {
            result: 'not-so',
            detail: `a publish by client ${clientId} with ${nameOf(principal)} would get ${decision}`,
          };
      }
    }
    return {
      result: 'done',
      detail: `publish is explicitly denied for ${principals.map(nameOf).join(', ')}`,
    };
  },

  async revert({ thingGroup, memberBefore }, { thingName, things }) {
    const member = (await things.listGroups(thingName)).includes(thingGroup);
    if (memberBefore)
      return member
        ? { result: 'done', detail: `stays in group ${thingGroup}, where it was before` }
        : { result: 'conflict', detail: `was in group ${thingGroup} before, and somebody took it out` };
    if (!member) return { result: 'done', detail: `is not in group ${thingGroup}` };
    await things.removeFromGroup(thingName, thingGroup);
    if ((await things.listGroups(thingName)).includes(thingGroup))
      throw new Error('the group membership is still listed after its removal');
    return { result: 'done', detail: `left group ${thingGroup}` };
  },
};

function nameOf(principalArn: string): string {
  return `certificate ${principalArn.slice(principalArn.lastIndexOf('/') + 1).slice(0, 8)}`;
}
