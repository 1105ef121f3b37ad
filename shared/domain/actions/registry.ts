import { deactivateCertificate } from './deactivate-certificate';
import { denyCertificate } from './deny-certificate';
import type { ActionDescriptor } from './descriptor';
import { detectMitigationTask } from './detect-mitigation-task';
import { disconnect } from './disconnect';
import { job } from './job';
import { quarantine } from './quarantine';
import { replacePolicyVersion } from './replace-policy-version';

/** Every mitigation action, by the name that cordon.yml calls it. `shared/mitigation/registry.ts` has what does it. */
const registry = {
  quarantine,
  disconnect,
  'deny-certificate': denyCertificate,
  'replace-policy-version': replacePolicyVersion,
  'deactivate-certificate': deactivateCertificate,
  'detect-mitigation-task': detectMitigationTask,
  job,
};

export type ActionName = keyof typeof registry;

export const actionNames = /* @__PURE__ */ Object.keys(registry) as ActionName[];

/** The state that an action found before it changed anything. */
export type PriorState = ReturnType<(typeof registry)[ActionName]['findPrior']>;

type PriorOf<A extends ActionName> = Extract<PriorState, { action: A }>;

type Descriptor = ActionDescriptor<PriorState, ActionName>;

export const descriptors: Readonly<Record<ActionName, Descriptor>> = registry satisfies {
  readonly [A in ActionName]: ActionDescriptor<PriorOf<A>, ActionName>;
};

/** The descriptor of the action that wrote a prior state, so that the two fit. */
export function descriptorOf(action: ActionName): Descriptor {
  const descriptor: Descriptor | undefined = descriptors[action];
  if (!descriptor)
    throw new Error(
      `a newer Cordon wrote the action ${action}, which this one doesn't know: deploy that version`,
    );
  return descriptor;
}
