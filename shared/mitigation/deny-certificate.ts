import { deniedObject, type Lease } from '../domain/actions/lease';
import type { Detail } from '../domain/case/details';
import { isNotFound } from '../errors';
import { done, type MitigationAction, type MitigationContext, type PriorOf, reverted } from './action';
import { denialRights, idOf, isGone, testDenial } from './denial';
import { forEachItem } from './each';
import { acquireLease, releaseLease } from './lease';

/** Attaches the quarantine policy to each certificate of the thing: it binds under any client id. */
export const denyCertificate: MitigationAction<PriorOf<'deny-certificate'>> = {
  // Always, since it backs quarantine.
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
      await attach(policyName, arn, context);
      return undefined;
    });
    if (refusals.length > 0) return { result: 'refused', detail: refusals };
    const certificateIds = certificates.map(({ arn }) => idOf(arn));
    return done({ code: 'denied-on', policyName, certificateIds });
  },

  async verify({ policyName, certificates }, context) {
    // Without a client id, where the policy of a group can't be what denies.
    const principals = certificates.map(({ arn }) => arn);
    const denial = { principals, clientIds: [undefined], policyName, document: context.denyDocument };
    return testDenial(denial, context);
  },

  async revert({ policyName, certificates }, context) {
    const { policies, things, deniedCertificates, touched } = context;
    const kept: Detail[] = [];
    const conflicts = await forEachItem(certificates, async ({ arn, attachedBefore }) => {
      const certificateId = idOf(arn);
      const restore = async (lease: Lease | undefined): Promise<Detail | undefined> => {
        // The attachments of a certificate are deleted with it.
        const listed = await things.listPolicies(arn).catch(noneIfGone);
        const attached = listed.includes(policyName);
        const change = (how: 'got' | 'lost') =>
          kept.push({ code: 'certificate-policies', certificateId, change: how, policies: [policyName] });
        if (attachedBefore && !attached) {
          if (touched !== 'nothing') return { code: 'denial-taken-off', policyName, certificateId };
          change('lost');
        }
        if (attachedBefore || !attached) return undefined;
        // Without either, Cordon's call was never made, or a crash repeats this: somebody else attached it.
        if (lease || deniedCertificates.includes(arn)) await policies.detach(policyName, arn);
        else change('got');
        return undefined;
      };
      const hold = () => attach(policyName, arn, context);
      const { problem, heldBy } = await releaseLease(deniedObject(arn), context, { restore, hold });
      if (heldBy.length > 0) kept.push({ code: 'certificate-held', certificateId, heldBy });
      return problem;
    });
    if (conflicts.length > 0) return { result: 'conflict', detail: [...conflicts, ...kept] };
    return reverted(kept.length > 0 ? kept : [{ code: 'denials-removed', policyName }], kept);
  },
};

/** A deleted certificate needs no denial. */
async function attach(policyName: string, arn: string, context: MitigationContext): Promise<void> {
  try {
    await context.policies.attach(policyName, arn);
  } catch (error) {
    if (!isNotFound(error) || !(await isGone(arn, context))) throw error;
  }
}

function noneIfGone(error: unknown): string[] {
  if (isNotFound(error)) return [];
  throw error;
}
