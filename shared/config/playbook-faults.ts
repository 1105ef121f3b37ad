import { actionNames, descriptorOf } from '../domain/actions/registry';
import type { Configuration, Playbook } from '../domain/configuration';
import { listActionsOf } from '../domain/guards/choose-actions';
import { findExceptionFaults } from './exception-faults';
import { takesExisting } from './existing-profiles';
import type { Fault } from './fault';

/** Finds faults in the playbook at an index: in its conditions, its mode and its actions. */
export function findPlaybookFaults(index: number, configuration: Configuration): Fault[] {
  const playbook = configuration.playbooks[index];
  if (!playbook) return [];
  const { when, mode, actions } = playbook;
  const at = (...path: string[]) => ['playbooks', index, ...path];
  const faults: Fault[] = [];
  const profiles = new Map(Object.entries(configuration.securityProfiles));
  const profile = when.securityProfile === undefined ? undefined : profiles.get(when.securityProfile);
  if (when.securityProfile !== undefined && !profile && !takesExisting(configuration))
    faults.push({
      path: at('when', 'securityProfile'),
      message: `${when.securityProfile} is not among securityProfiles, which has ${[...profiles.keys()].join(', ')}`,
    });
  if (when.behavior !== undefined && profile && !profile.behaviors.some(({ name }) => name === when.behavior))
    faults.push({
      path: at('when', 'behavior'),
      message: `${when.securityProfile} has no behavior ${when.behavior}, only ${profile.behaviors.map(({ name }) => name).join(', ')}`,
    });
  if (mode !== 'observe' && actions.length === 0)
    faults.push({ path: at('mode'), message: `${mode} needs actions, such as [quarantine, disconnect]` });
  if (mode === 'observe' && actions.length > 0)
    faults.push({
      path: at('actions'),
      message: 'a playbook that observes has no actions: remove them, or set mode: enforce',
    });
  if (playbook.escalate && mode === 'observe')
    faults.push({
      path: at('escalate'),
      message: 'a playbook that observes has no escalate: remove it, or set mode: enforce',
    });
  return [
    ...faults,
    ...findExceptionFaults(index, configuration),
    ...findActionFaults(playbook, configuration).map((message) => ({ path: at('actions'), message })),
  ];
}

/** The actions that keep a device out for longer than a moment. */
const denials = actionNames.filter((action) =>
  ['policy', 'certificate-status'].includes(descriptorOf(action).means),
);

function findActionFaults(playbook: Playbook, { detector }: Configuration): string[] {
  const { mode, actions } = playbook;
  const faults: string[] = [];
  const all = listActionsOf(playbook);
  if (new Set(actions).size < actions.length) faults.push('an action is listed twice');
  if (mode !== 'observe' && actions.length > 0 && !actions.some((action) => denials.includes(action)))
    faults.push(`no action here denies the device anything: add ${denials.join(', ')}`);
  return [
    ...faults,
    ...[...new Set(all)].flatMap(
      (action) => descriptorOf(action).findFault?.({ detector, actions, all }) ?? [],
    ),
  ];
}
