import { statusObject } from '../domain/hold';
import { isNotFound } from '../errors';
import type { MitigationAction, PriorOf } from './action';
import { nameCertificate } from './denial';
import { forEachItem } from './each';
import { claim, giveBack, nameOthers } from './hold';

/** The hardest cut: every device with the certificate is out, and can't be told anything until it is active again. */
export const deactivateCertificate: MitigationAction<PriorOf<'deactivate-certificate'>> = {
  async apply({ certificates }, context) {
    const { certificates: registry } = context;
    const refusals = await forEachItem(certificates, async ({ certificateId, statusBefore }) => {
      await claim(statusObject(certificateId), { statusBefore }, context);
      if ((await registry.readStatus(certificateId)) === 'ACTIVE')
        await registry.setStatus(certificateId, 'INACTIVE');
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
      const { problem, heldBy } = await giveBack(statusObject(certificateId), context, async () => {
        if (statusBefore !== 'ACTIVE') return undefined;
        const status = await registry.readStatus(certificateId).catch(goneIfNotFound);
        if (status === 'INACTIVE') await registry.setStatus(certificateId, 'ACTIVE');
        else if (status !== 'ACTIVE')
          return `${nameCertificate(certificateId)} was ACTIVE before and is ${status} now`;
        return undefined;
      });
      kept.push(...nameOthers(nameCertificate(certificateId), heldBy));
      return problem;
    });
    if (conflicts.length > 0) return { result: 'conflict', detail: [...conflicts, ...kept].join('; ') };
    return { result: 'done', detail: kept.join('; ') || 'certificates have the status they had before' };
  },
};

function goneIfNotFound(error: unknown): string {
  if (isNotFound(error)) return 'deleted';
  throw error;
}

function names(certificates: PriorOf<'deactivate-certificate'>['certificates']): string {
  return certificates.map(({ certificateId }) => nameCertificate(certificateId)).join(', ');
}
