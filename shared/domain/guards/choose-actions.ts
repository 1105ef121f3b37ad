import { type ActionName, actionNames, descriptorOf } from '../actions/registry';
import type { Playbook } from '../configuration';
import type { Facts, PrincipalFacts } from '../facts';
import { listEscalation } from './escalation';

/**
 * What the playbook does to this thing: more, if it was contained often of late, and if its certificate can act
 * under another client id than the thing's name or without one, over HTTPS: there the policy of a thing group doesn't
 * bind (IoT developer guide), so the certificate is denied as well.
 */
export function chooseActions(
  playbook: Playbook,
  pastContainments: readonly number[],
  facts: Facts,
  now: number,
): ActionName[] {
  const chosen = escalateActions(playbook, pastContainments, now);
  return facts.kind === 'known' ? addBackups(chosen, facts.principals) : chosen;
}

/** Adds actions that deny the certificates themselves, if one can act beyond the reach of an action. */
export function addBackups(
  actions: readonly ActionName[],
  principals: readonly PrincipalFacts[],
): ActionName[] {
  const escapes = principals.some(({ escapesGroup }) => escapesGroup);
  const backups = actions.flatMap((action) => (escapes && descriptorOf(action).backup?.action) || []);
  return [...new Set([...actions, ...backups])];
}

/** All that a playbook may do, with what escalation adds. */
export function listActionsOf({ actions, escalate }: Pick<Playbook, 'actions' | 'escalate'>): ActionName[] {
  return [...actions, ...(escalate?.actions ?? [])];
}

/** The actions that `respond` has the rights for (infra/template/respond-rights.ts), in the order of the registry. */
export function listPermitted(playbooks: readonly Pick<Playbook, 'actions' | 'escalate'>[]): ActionName[] {
  const named = new Set(playbooks.flatMap(listActionsOf));
  return actionNames.filter((action) => !descriptorOf(action).needsNaming || named.has(action));
}

function escalateActions(playbook: Playbook, pastContainments: readonly number[], now: number): ActionName[] {
  return [...new Set([...playbook.actions, ...listEscalation(playbook, pastContainments, now)])];
}
