import type { Behavior, Configuration, Playbook } from '../domain/configuration';
import { describeException } from '../domain/guards/exceptions';
import { findPlaybook } from '../domain/guards/find-playbook';
import { writeDuration, writeRelease } from '../domain/words';
import { listAlarms } from './reach';

/** Which playbooks may answer an alarm of a behavior, in order. */
export function explainResponses(
  { playbooks }: Configuration,
  securityProfileName: string,
  behavior: Behavior,
): string[] {
  if (behavior.suppressAlerts) return ['  else:   nothing, because suppressAlerts sends no alert'];
  const possible = findPossible(playbooks, securityProfileName, behavior);
  const [first] = possible;
  if (!first) return ['  else:   recorded only, because no playbook matches'];
  if (possible.length === 1) return [`  else:   ${writePlaybook(first)}`];
  return [
    '  else, the first of these that applies:',
    ...possible.map((playbook, index) => `    ${index + 1}. ${writePlaybook(playbook)}`),
  ];
}

/** The alarms that a playbook matches, if the line stands under no behavior. */
export function writeMatch({ when: { securityProfile, behavior, metric } }: Playbook): string {
  const parts = [
    securityProfile && `profile ${securityProfile}`,
    behavior && `behavior ${behavior}`,
    metric && `metric ${metric}`,
  ].filter(Boolean);
  return parts.length > 0 ? `${parts.join(', ')}: ` : '';
}

/** The playbooks that may apply, up to the first that always applies. */
function findPossible(
  playbooks: readonly Playbook[],
  securityProfileName: string,
  behavior: Behavior,
): Playbook[] {
  // An alarm of an unknown thing with the highest confidence meets every condition that can be met.
  const strongest = listAlarms(securityProfileName, behavior).at(-1);
  const possible: Playbook[] = [];
  for (const playbook of playbooks) {
    if (!strongest || !findPlaybook([playbook], strongest, { kind: 'unavailable', reason: '' })) continue;
    possible.push(playbook);
    if (writeConditions(playbook) === '') break;
  }
  return possible;
}

function writeConditions({ when }: Playbook): string {
  const { thingGroup, thingType, attribute, confidence, severity } = when;
  return [
    thingGroup && `things in group ${thingGroup}`,
    thingType && `things of type ${thingType}`,
    attribute && `things with ${writeAttribute(attribute)}`,
    confidence && `alarms of ${confidence}${confidence === 'HIGH' ? '' : ' or higher'} ML confidence`,
    severity && `findings of severity ${severity}${severity === 'critical' ? '' : ' or higher'}`,
  ]
    .filter(Boolean)
    .join(' and ');
}

export function writeAttribute(attribute: Readonly<Record<string, string>>): string {
  return Object.entries(attribute)
    .map(([name, value]) => `attribute ${name}=${value}`)
    .join(', ');
}

/** The line of a playbook: `match` (the alarms that it matches), then what it does. */
export function writePlaybook(playbook: Playbook, match = ''): string {
  const { name, severity, mode, actions, escalate, release } = playbook;
  const conditions = writeConditions(playbook);
  const title = `${match}playbook ${name}${conditions && `, for ${conditions}`}, ${severity}`;
  if (mode === 'observe') return `${title}: recorded`;
  const when = mode === 'approve' ? 'after approval' : 'at once';
  const more = escalate
    ? [
        `also ${escalate.actions.join(' + ')}, from containment ${escalate.afterContainments + 1} within ${writeDuration(escalate.within)}`,
      ]
    : [];
  const { unless } = playbook;
  const excepted = unless
    ? [
        `but only recorded if the device reports that each child is one of: ${unless.map(describeException).join(', ')}`,
      ]
    : [];
  return [
    `${title}: ${when} ${actions.join(' + ')}`,
    ...more,
    ...excepted,
    `released ${writeRelease(release)}`,
  ].join('; ');
}
