import { type ActionDescriptor, findNew, renewEach } from './descriptor';
import { deniedObject } from './lease';

interface DenyCertificatePrior {
  readonly action: 'deny-certificate';
  readonly policyName: string;
  readonly certificates: readonly { readonly arn: string; readonly attachedBefore: boolean }[];
}

export const denyCertificate: ActionDescriptor<DenyCertificatePrior> = {
  words: {
    does: "attaches the deny policy to the thing's certificates",
    release: 'detaches it, unless it was attached before',
  },
  means: 'policy',
  touches: 'certificates',
  certificates: {
    object: deniedObject,
    list: ({ certificates }) => certificates.map(({ arn }) => arn.slice(arn.lastIndexOf('/') + 1)),
  },
  findPrior: ({ facts, denyPolicyName }) => ({
    action: 'deny-certificate',
    policyName: denyPolicyName,
    certificates: facts.principals.map(({ arn, policies, before }) => ({
      arn,
      attachedBefore: before?.attachedBefore ?? policies.includes(denyPolicyName),
    })),
  }),
  extendPrior(prior, { certificates }) {
    const more = findNew(prior.certificates, certificates, ({ arn }) => arn);
    return more.length > 0 ? { ...prior, certificates: [...prior.certificates, ...more] } : undefined;
  },
  renewPrior: (prior, { certificates }) => ({
    ...prior,
    certificates: renewEach(prior.certificates, certificates, ({ arn }) => arn),
  }),
  listDenied: ({ certificates }) => certificates.map(({ arn }) => arn),
  listRestored: ({ policyName, certificates }) =>
    certificates
      .filter(({ attachedBefore }) => !attachedBefore)
      .map(({ arn }) => ({
        object: 'attached policy',
        name: arn.slice(arn.lastIndexOf('/') + 1),
        now: `${policyName} attached`,
        before: 'not attached',
      })),
};
