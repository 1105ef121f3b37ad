import type { Configuration, Playbook } from './configuration';
import type { Facts } from './facts';
import type { Violation } from './violation';

export interface GuardInput {
  readonly playbook: Playbook | undefined;
  readonly guards: Configuration['guards'];
  readonly facts: Facts;
  readonly violation: Violation;
  readonly killSwitch: boolean;
  readonly fleetLimitReached: boolean;
}

export type Verdict =
  | { readonly outcome: 'contain' }
  | { readonly outcome: 'observe' | 'ask'; readonly reason: string };

/** What may be done about a violation. The first rule that objects decides; each says why. */
export function judge(input: GuardInput): Verdict {
  const { playbook, facts } = input;
  if (!playbook) return observe('no playbook matches this behavior');
  if (playbook.mode === 'observe') return observe(`playbook ${playbook.name} only observes`);
  if (input.killSwitch) return observe('the kill switch is on: every action is off');
  if (facts.kind === 'unavailable')
    return ask(`the thing could not be looked up (${facts.reason}), so exemptions are unknown`);
  if (!facts.registered) return observe('the thing is not in the registry, so there is nothing to contain');
  const exemption = findExemption(input.guards, facts);
  if (exemption) return observe(`the thing is exempt: ${exemption}`);
  const { reporter } = input.violation;
  if (reporter && !facts.principals.some(({ certificateId }) => certificateId === reporter.principal))
    return ask('the report came from a certificate that is not attached to this thing, so it may be forged');
  if (playbook.mode === 'approve') return ask(`playbook ${playbook.name} asks before it acts`);
  if (input.fleetLimitReached)
    return ask(`the fleet limit of ${input.guards.fleetLimit.things} containments is reached`);
  return { outcome: 'contain' };
}

function findExemption(
  guards: Configuration['guards'],
  facts: Extract<Facts, { kind: 'known' }>,
): string | undefined {
  for (const { thingGroup, attribute } of guards.exempt) {
    if (thingGroup !== undefined && facts.groups.includes(thingGroup)) return `thing group ${thingGroup}`;
    for (const [name, value] of Object.entries(attribute ?? {}))
      if (facts.attributes[name] === value) return `attribute ${name}=${value}`;
  }
  return undefined;
}

export function findPlaybook(
  playbooks: readonly Playbook[],
  violation: Pick<Violation, 'securityProfileName' | 'behaviorName' | 'metric'>,
): Playbook | undefined {
  return playbooks.find(
    ({ when }) =>
      (when.securityProfile === undefined || when.securityProfile === violation.securityProfileName) &&
      (when.behavior === undefined || when.behavior === violation.behaviorName) &&
      (when.metric === undefined || when.metric === violation.metric),
  );
}

function observe(reason: string): Verdict {
  return { outcome: 'observe', reason };
}

function ask(reason: string): Verdict {
  return { outcome: 'ask', reason };
}
