import type { MitigationAction, PriorOf } from './action';
import { nameCertificate } from './denial';

/** The hardest cut: every device with the certificate is out, and can't be told anything until it is active again. */
export const deactivateCertificate: MitigationAction<PriorOf<'deactivate-certificate'>> = {
  async apply({ certificates }, { certificates: registry }) {
    for (const { certificateId } of certificates)
      if ((await registry.readStatus(certificateId)) === 'ACTIVE')
        await registry.setStatus(certificateId, 'INACTIVE');
    return { result: 'done', detail: `${names(certificates)} set to INACTIVE` };
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

  async revert({ certificates }, { certificates: registry }) {
    for (const { certificateId, statusBefore } of certificates) {
      if (statusBefore !== 'ACTIVE') continue;
      const status = await registry.readStatus(certificateId);
      if (status === 'INACTIVE') await registry.setStatus(certificateId, 'ACTIVE');
      else if (status !== 'ACTIVE')
        return {
          result: 'conflict',
          detail: `${nameCertificate(certificateId)} was ACTIVE before and is ${status} now`,
        };
    }
    return { result: 'done', detail: 'certificates have the status they had before' };
  },
};

function names(certificates: PriorOf<'deactivate-certificate'>['certificates']): string {
  return certificates.map(({ certificateId }) => nameCertificate(certificateId)).join(', ');
}
