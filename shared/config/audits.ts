import type { ActionName } from '../domain/actions/registry';
import type { Configuration, Playbook } from '../domain/configuration';
import { auditChecks } from '../domain/configuration/audit-checks';
import type { Match } from '../domain/guards/find-playbook';
import type { Fault } from './fault';

type Sources = Pick<Configuration, 'sources'>;

export function takesAudits({ sources }: Sources): boolean {
  return sources.deviceDefender?.audit === true;
}

/** The findings of an audit, as far as playbooks distinguish them. */
export function listAuditFindings(configuration: Sources): Match[] {
  return takesAudits(configuration) ? auditChecks.map((check) => ({ kind: 'audit', check })) : [];
}

/** Errors in the playbooks for findings of audits. */
export function findAuditFaults(configuration: Configuration): Fault[] {
  return configuration.playbooks.flatMap((playbook, index) =>
    playbook.when.auditCheck === undefined
      ? []
      : findPlaybookFaults(playbook, configuration).map(({ path, message }) => ({
          path: ['playbooks', index, ...path],
          message,
        })),
  );
}

/** Conditions that only other findings can meet. */
const ofOthers = ['securityProfile', 'behavior', 'metric', 'confidence', 'source', 'severity'] as const;
const safeActions: readonly ActionName[] = ['replace-policy-version', 'deactivate-certificate'];

function findPlaybookFaults(playbook: Playbook, configuration: Configuration): Fault[] {
  const { when, mode, actions, escalate, release, unless } = playbook;
  const listUnsafe = (all: readonly ActionName[], path: string[]) =>
    all
      .filter((action) => !safeActions.includes(action))
      .map((action) => ({
        path,
        message: `${action} does nothing about what an audit finds: expected ${safeActions.join(' or ')}`,
      }));
  return [
    ...(takesAudits(configuration)
      ? []
      : [
          {
            path: ['when', 'auditCheck'],
            message: 'never applies without sources: { deviceDefender: { audit: true } }',
          },
        ]),
    ...ofOthers
      .filter((field) => when[field] !== undefined)
      .map((field) => ({
        path: ['when', field],
        message: 'a finding of an audit has none: remove it, or auditCheck',
      })),
    ...(mode === 'enforce'
      ? [
          {
            path: ['mode'],
            message:
              'a finding of an audit may be months old and concern many devices at once: expected observe or approve',
          },
        ]
      : []),
    ...listUnsafe(actions, ['actions']),
    ...listUnsafe(escalate?.actions ?? [], ['escalate', 'actions']),
    ...(unless
      ? [{ path: ['unless'], message: 'a finding of an audit has no children to except: remove unless' }]
      : []),
    ...('clearedFor' in release
      ? [
          {
            path: ['release'],
            message:
              'the actions themselves end the finding, and the release would bring it back: expected { by: operator } or { after: 24h }',
          },
        ]
      : []),
  ];
}

/** What `cordon check` says before the playbooks that findings of audits meet. */
export const auditTitle = [
  'findings of Device Defender Audit, of things (the account decides which checks run, and when)',
  '  cleared: by a later audit whose complete list has it no more',
];
