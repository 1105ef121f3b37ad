import type { Configuration } from '../../../shared/domain/configuration';
import type { Check, Finding } from '../finding';

/** The state of Audit in this account and region. */
export interface AuditState {
  /** Where it announces its end; absent if it does not. */
  readonly target?: { readonly topic: string; readonly role: string; readonly isEnabled: boolean };
  readonly enabledChecks: readonly string[];
  readonly schedules: readonly AuditSchedule[];
}

/** When an audit runs by itself, and with which checks. */
export interface AuditSchedule {
  readonly name: string;
  readonly checks: readonly string[];
}

/** The stack's resources for Audit. */
export interface AuditPlace {
  readonly topic: string;
  /** The role with which Audit may publish there; absent if the stack was deployed without `audit: true`. */
  readonly role?: string;
}

const page = 'docs/audit-findings.md';

/** Whether the findings of audits arrive: `sources.deviceDefender.audit`. */
export function checkAudits(
  { sources, playbooks }: Pick<Configuration, 'sources' | 'playbooks'>,
  read: () => Promise<AuditState>,
  readPlace: () => Promise<AuditPlace>,
): Check {
  const about = 'Device Defender Audit';
  const topics = (sources.deviceDefender?.topics ?? []).map(({ arn }) => arn);
  return {
    about,
    async run(): Promise<Finding[]> {
      const [{ target, enabledChecks, schedules }, place] = await Promise.all([read(), readPlace()]);
      const why = 'No finding of an audit becomes a case.';
      const mend = writeMend(place);
      const found: Finding[] = [];
      const problem = (what: string, more: Partial<Finding> = {}) =>
        found.push({ level: 'problem', about, what, why, mend, ...more });
      if (!target?.topic) problem('it publishes to no topic when an audit is over');
      else if (!target.isEnabled) problem(`its notifications to ${target.topic} are off`);
      else if (target.topic !== place.topic && !topics.includes(target.topic))
        problem(
          `it publishes to ${target.topic}, which is neither the alerts topic of the stack nor in sources`,
          {
            mend: `${page}: name that topic in sources.deviceDefender.topics, or ${mend}`,
          },
        );
      else if (target.topic === place.topic && place.role === undefined)
        problem('the stack has no role for it: it was deployed without audit: true', {
          mend: 'docs/deploying.md',
        });
      else if (target.topic === place.topic && target.role !== place.role)
        found.push({
          level: 'note',
          about,
          what: `it publishes with ${target.role}, not with the role of the stack`,
          why: `If that role may not publish to the alerts topic, ${why.charAt(0).toLowerCase()}${why.slice(1)}`,
          mend,
        });
      if (enabledChecks.length === 0)
        problem('no check is enabled', { mend: `${page}: enable checks, and schedule an audit` });
      else
        found.push(
          ...judgePlaybooks(about, playbooks, enabledChecks),
          ...judgeSchedules(about, playbooks, enabledChecks, schedules),
        );
      return found.length > 0
        ? found
        : [
            {
              level: 'ok',
              about,
              what: `${enabledChecks.length} checks are enabled and scheduled, and Cordon receives their results`,
            },
          ];
    },
  };
}

function judgePlaybooks(
  about: string,
  playbooks: Configuration['playbooks'],
  enabledChecks: readonly string[],
): Finding[] {
  const waiting = playbooks.flatMap(({ name, when: { auditCheck } }) =>
    auditCheck === undefined || enabledChecks.includes(auditCheck) ? [] : [{ name, auditCheck }],
  );
  return waiting.map(({ name, auditCheck }) => ({
    level: 'problem',
    about,
    what: `${auditCheck} is not enabled, and playbook ${name} needs it`,
    why: 'The playbook never applies.',
    mend: `aws iot update-account-audit-configuration --audit-check-configurations '{"${auditCheck}": {"enabled": true}}'`,
  }));
}

/** A check that no schedule has runs only if somebody starts an audit of it. */
function judgeSchedules(
  about: string,
  playbooks: Configuration['playbooks'],
  enabledChecks: readonly string[],
  schedules: readonly AuditSchedule[],
): Finding[] {
  const scheduled = schedules.flatMap(({ checks }) => checks);
  const left = enabledChecks.filter((check) => !scheduled.includes(check));
  if (left.length === 0) return [];
  const [first] = schedules;
  const mend = first
    ? `aws iot update-scheduled-audit --scheduled-audit-name ${first.name} --target-check-names ${[...first.checks, ...left].join(' ')}`
    : `aws iot create-scheduled-audit --scheduled-audit-name daily --frequency DAILY --target-check-names ${left.join(' ')}`;
  const awaited = left.filter((check) => playbooks.some(({ when }) => when.auditCheck === check));
  const others = left.filter((check) => !awaited.includes(check));
  const unlessStarted = 'Unless somebody starts an audit,';
  if (schedules.length === 0)
    return [
      {
        ...{ level: 'problem', about, what: 'no audit is scheduled', mend },
        why: `${unlessStarted} no finding becomes a case.`,
      },
    ];
  return [
    ...awaited.map((check) => ({
      ...{
        level: 'problem' as const,
        about,
        what: `no schedule has ${check}, and a playbook waits for it`,
        mend,
      },
      why: `${unlessStarted} the playbook never applies.`,
    })),
    ...(others.length > 0
      ? [
          {
            ...{ level: 'note' as const, about, what: `no schedule has ${others.join(', ')}`, mend },
            why: `${unlessStarted} they find nothing.`,
          },
        ]
      : []),
  ];
}

const writeMend = ({ topic, role = 'ROLE' }: AuditPlace) =>
  `aws iot update-account-audit-configuration --audit-notification-target-configurations '${JSON.stringify({
    SNS: { targetArn: topic, roleArn: role, enabled: true },
  })}'`;
