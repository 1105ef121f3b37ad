import { type ActionDescriptor, findNew, renewEach } from './descriptor';
import { statusObject } from './lease';

interface DeactivateCertificatePrior {
  readonly action: 'deactivate-certificate';
  readonly certificates: readonly { readonly certificateId: string; readonly statusBefore: string }[];
}

export const deactivateCertificate: ActionDescriptor<DeactivateCertificatePrior> = {
  words: {
    does: 'sets the certificates INACTIVE',
    release: 'sets them ACTIVE, if they were',
  },
  means: 'certificate-status',
  touches: 'certificates',
  needs: 'certificate-status',
  certificates: {
    object: statusObject,
    list: ({ certificates }) => certificates.map(({ certificateId }) => certificateId),
  },
  findPrior: ({ facts }) => ({
    action: 'deactivate-certificate',
    certificates: facts.principals.map(({ certificateId, status, before }) => ({
      certificateId,
      statusBefore: before?.statusBefore ?? status ?? 'unknown',
    })),
  }),
  extendPrior(prior, { certificates }) {
    const more = findNew(prior.certificates, certificates, ({ certificateId }) => certificateId);
    return more.length > 0 ? { ...prior, certificates: [...prior.certificates, ...more] } : undefined;
  },
  renewPrior: (prior, { certificates }) => ({
    ...prior,
    certificates: renewEach(prior.certificates, certificates, ({ certificateId }) => certificateId),
  }),
  listRestored: ({ certificates }) =>
    certificates
      .filter(({ statusBefore }) => statusBefore === 'ACTIVE' || statusBefore === 'unknown')
      .map(({ certificateId: name, statusBefore }) => ({
        object: 'certificate',
        name,
        now: 'INACTIVE',
        before: statusBefore === 'unknown' ? 'as it was found' : statusBefore,
      })),
};
