import { type Hold, statusObject } from '../domain/hold';
import { isNotFound, isRefusal } from '../errors';
import { type MitigationAction, type MitigationContext, type PriorOf, reverted } from './action';
import { nameCertificate } from './denial';
import { forEachItem } from './each';
import { claim, giveBack, nameOthers } from './hold';

/** The hardest cut: every device with the certificate is out, and can't be told anything until it is active again. */
export const deactivateCertificate: MitigationAction<PriorOf<'deactivate-certificate'>> = {
  async apply({ certificates }, context) {
    const { certificates: registry } = context;
    const refusals = await forEachItem(certificates, async ({ certificateId, statusBefore }) => {
      const status = await registry.readStatus(certificateId);
      const before = statusBefore === 'unknown' ? status : statusBefore;
      await claim(statusObject(certificateId), { statusBefore: before }, context);
      if (status === 'ACTIVE') await deactivate(certificateId, context);
      return undefined;
    });
    if (refusals.length > 0) return { result: 'refused', detail: refusals.join('; ') };
    return { result: 'done', detail: `not ACTIVE any more: ${names(certificates) || 'no certificate'}` };
  },

  async verify({ certificates }, { certificates: registry }) {
    for (const { certificateId } of certificates) {
      const status = await registry.readStatus(certificateId);
      if (status === 'ACTIVE')
        return { result: 'not-so', detail: `${nameCertificate(certificateId)} is ${status}` };
    }
    if (certificates.length === 0)
      return {
        result: 'not-so',
        detail: 'no certificate is attached to the thing, so there is nothing to deactivate',
      };
    return { result: 'done', detail: `${names(certificates)} can't connect` };
  },

  async revert({ certificates }, context) {
    const { certificates: registry } = context;
    const kept: string[] = [];
    const conflicts = await forEachItem(certificates, async ({ certificateId, statusBefore }) => {
      const { problem, heldBy } = await giveBack(statusObject(certificateId), context, async (hold) => {
        const before = statusBefore === 'unknown' ? readBefore(hold) : statusBefore;
        if (before !== 'ACTIVE') return undefined;
        const status = await registry.readStatus(certificateId).catch(goneIfNotFound);
        if (status === 'ACTIVE') return undefined;
        const name = nameCertificate(certificateId);
        if (status !== 'INACTIVE') return `${name} was ACTIVE before and is ${status} now`;
        if (!hold)
          return `${name} is INACTIVE, but not by Cordon, whose call was refused: somebody else did it`;
        await registry.setStatus(certificateId, 'ACTIVE');
        return undefined;
      });
      kept.push(...nameOthers(nameCertificate(certificateId), heldBy));
      return problem;
    });
    if (conflicts.length > 0) return { result: 'conflict', detail: [...conflicts, ...kept].join('; ') };
    return reverted(kept.join('; ') || 'certificates have the status they had before', kept);
  },
};

/** A certificate that AWS refused to deactivate is not held: whoever deactivates it later, it wasn't Cordon. */
async function deactivate(certificateId: string, context: MitigationContext): Promise<void> {
  try {
    await context.certificates.setStatus(certificateId, 'INACTIVE');
  } catch (error) {
    if (isRefusal(error)) await giveBack(statusObject(certificateId), context, async () => undefined);
    throw error;
  }
}

function readBefore(hold: Hold | undefined): string | undefined {
  return hold && 'statusBefore' in hold.prior ? hold.prior.statusBefore : undefined;
}

function goneIfNotFound(error: unknown): string {
  if (isNotFound(error)) return 'deleted';
  throw error;
}

function names(certificates: PriorOf<'deactivate-certificate'>['certificates']): string {
  return certificates.map(({ certificateId }) => nameCertificate(certificateId)).join(', ');
}
