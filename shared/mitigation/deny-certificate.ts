import { deniedObject } from '../domain/actions/lease';
import { isNotFound } from '../errors';
import { type MitigationAction, type PriorOf, reverted } from './action';
import { denialRights, isGone, nameCertificate, testDenial } from './denial';
import { forEachItem } from './each';
import { acquireLease, nameOthers, releaseLease } from './lease';

/** Attaches the quarantine policy to each certificate of the thing: it bites whatever client id the device takes. */
export const denyCertificate: MitigationAction<PriorOf<'deny-certificate'>> = {
  // Not only where a playbook names it: it backs quarantine.
  rights: () => ({
    always: [
      { actions: ['iot:AttachPolicy', 'iot:DetachPolicy'], resources: ['cert/*'] },
      { actions: ['iot:ListAttachedPolicies'], resources: ['*'] },
      ...denialRights,
    ],
  }),

  async apply({ policyName, certificates }, context) {
    const refusals = await forEachItem(certificates, async ({ arn, attachedBefore }) => {
      await acquireLease(deniedObject(arn), { attachedBefore }, context);
      try {
        await context.policies.attach(policyName, arn);
      } catch (error) {
        if (!isNotFound(error) || !(await isGone(arn, context))) throw error;
      }
      return undefined;
    });
    if (refusals.length > 0) return { result: 'refused', detail: refusals.join('; ') };
    return {
      result: 'done',
      detail: `${policyName} on ${certificates.map(({ arn }) => nameCertificate(arn)).join(', ') || 'no certificate'}`,
    };
  },

  async verify({ policyName, certificates }, context) {
    // Without a client id, where the policy of a group can't be what denies.
    const principals = certificates.map(({ arn }) => arn);
    const denial = { principals, clientIds: [undefined], policyName, document: context.denyDocument };
    return testDenial(denial, context);
  },

  async revert({ policyName, certificates }, context) {
    const { policies, things } = context;
    const kept: string[] = [];
    const conflicts = await forEachItem(certificates, async ({ arn, attachedBefore }) => {
      const { problem, heldBy } = await releaseLease(deniedObject(arn), context, async () => {
        // What hung on a certificate is gone with it.
        const listed = await things.listPolicies(arn).catch(noneIfGone);
        const attached = listed.includes(policyName);
        if (attachedBefore && !attached)
          return `${policyName} was on ${nameCertificate(arn)} before, and somebody took it off`;
        if (!attachedBefore && attached) await policies.detach(policyName, arn);
        return undefined;
      });
      kept.push(...nameOthers(nameCertificate(arn), heldBy));
      return problem;
    });
    if (conflicts.length > 0) return { result: 'conflict', detail: [...conflicts, ...kept].join('; ') };
    const done = `${policyName} is off the certificates it was not on before`;
    return reverted(kept.join('; ') || done, kept);
  },
};

function noneIfGone(error: unknown): string[] {
  if (isNotFound(error)) return [];
  throw error;
}
