import type { Playbook } from '../configuration';
import type { Facts } from '../facts';
import type { AuditFinding, ExternalFinding } from '../findings/finding';
import type { Violation } from '../findings/violation';
import { compareSeverity } from '../severity';

const ranks = { LOW: 1, MEDIUM: 2, HIGH: 3 } as const;

export type AlarmMatch = Pick<
  Violation,
  'kind' | 'securityProfileName' | 'behaviorName' | 'metric' | 'confidence'
>;

export type Match =
  | AlarmMatch
  | Pick<ExternalFinding, 'kind' | 'source' | 'severity'>
  | Pick<AuditFinding, 'kind' | 'check'>;

/**
 * The first playbook that matches. Where the thing could not be looked up, its conditions count as met: the guards
 * then ask a person, which a later, laxer playbook might not.
 */
export function findPlaybook(
  playbooks: readonly Playbook[],
  finding: Match,
  facts: Facts,
): Playbook | undefined {
  return playbooks.find(({ when }) => matchesFinding(when, finding) && matchesThing(when, facts));
}

/**
 * Whether a finding meets a playbook's conditions. If the finding is no behavior's violation, the playbook must name
 * its source or its check.
 */
export function matchesFinding(when: Playbook['when'], finding: Match): boolean {
  switch (finding.kind) {
    case undefined:
      return matchesBehavior(when, finding);
    case 'external':
      return when.source === finding.source && compareSeverity(finding.severity, when.severity ?? 'low') >= 0;
    case 'audit':
      return when.auditCheck === finding.check;
  }
}

function matchesBehavior(when: Playbook['when'], violation: AlarmMatch): boolean {
  const { confidence } = violation;
  return (
    when.source === undefined &&
    when.auditCheck === undefined &&
    (when.securityProfile === undefined || when.securityProfile === violation.securityProfileName) &&
    (when.behavior === undefined || when.behavior === violation.behaviorName) &&
    (when.metric === undefined || when.metric === violation.metric) &&
    (when.confidence === undefined ||
      (confidence !== undefined && ranks[confidence] >= ranks[when.confidence]))
  );
}

function matchesThing({ thingGroup, thingType, attribute }: Playbook['when'], facts: Facts): boolean {
  if (facts.kind === 'unavailable') return true;
  return (
    (thingGroup === undefined || facts.groups.includes(thingGroup)) &&
    (thingType === undefined || facts.thingTypeName === thingType) &&
    Object.entries(attribute ?? {}).every(([name, value]) => facts.attributes[name] === value)
  );
}
