import type { MitigationAction, PriorOf } from './action';
import { nameCertificate, testDenial } from './denial';

/** Attaches the quarantine policy to each certificate of the thing: it bites whatever client id the device takes. */
export const denyCertificate: MitigationAction<PriorOf<'deny-certificate'>> = {
  async apply({ policyName, certificates }, { policies }) {
    for (const { arn } of certificates) await policies.attach(policyName, arn);
    return {
      result: 'done',
      detail: `${policyName} on ${certificates.map(({ arn }) => nameCertificate(arn)).join(', ')}`,
    };
  },

  async verify({ policyName, certificates }, context) {
    for (const { arn } of certificates) {
      if (!(await context.things.listPolicies(arn)).includes(policyName))
        return { result: 'not-so', detail: `${policyName} is not (yet) listed on ${nameCertificate(arn)}` };
    }
    return testDenial(
      certificates.map(({ arn }) => arn),
      context,
    );
  },

  async revert({ policyName, certificates }, { policies, things }) {
    for (const { arn, attachedBefore } of certificates) {
      const attached = (await things.listPolicies(arn)).includes(policyName);
      if (attachedBefore && !attached)
        return {
          result: 'conflict',
          detail: `${policyName} was on ${nameCertificate(arn)} before, and somebody took it off`,
        };
      if (!attachedBefore && attached) await policies.detach(policyName, arn);
    }
    return { result: 'done', detail: `${policyName} is off the certificates it was not on before` };
  },
};
