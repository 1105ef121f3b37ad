import type { ActionName } from '../domain/actions/registry';
import type { MitigationAction, PriorOf } from './action';
import { deactivateCertificate } from './deactivate-certificate';
import { denyCertificate } from './deny-certificate';
import { detectMitigationTask } from './detect-mitigation-task';
import { disconnect } from './disconnect';
import { job } from './job';
import { quarantine } from './quarantine';
import { replacePolicyVersion } from './replace-policy-version';

/** What carries out each action of `shared/domain/actions/registry.ts`. */
export const mitigations: { readonly [A in ActionName]: MitigationAction<PriorOf<A>> } = {
  quarantine,
  disconnect,
  'deny-certificate': denyCertificate,
  'replace-policy-version': replacePolicyVersion,
  'deactivate-certificate': deactivateCertificate,
  'detect-mitigation-task': detectMitigationTask,
  job,
};
