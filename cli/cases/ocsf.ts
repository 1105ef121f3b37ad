import type { Case } from '../../shared/domain/case/case';
import { findingKey } from '../../shared/domain/findings/finding';
import type { Evidence } from '../../shared/domain/findings/violation';
import { measure } from '../../shared/domain/messages/announcement';
import { type CaseInWords, describeCase } from '../../shared/domain/messages/describe-case';
import { describeFinding } from '../../shared/domain/messages/describe-value';
import type { ChainCheck } from './verify';

type Violation = CaseInWords['violations'][string];

/** Schema version of the output. */
const schemaVersion = '1.3.0';
const classUid = 2004;
const severities = {
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
} as const;
const activities = { 1: 'Create', 2: 'Update', 3: 'Close' } as const;

/**
 * A case as an OCSF Detection Finding, schema 1.3.0 (schema.ocsf.io/1.3.0/classes/detection_finding), with the cloud
 * profile. Fields without a place in the schema are in `unmapped`.
 */
export function writeDetectionFinding(record: Case, productVersion: string, chain: ChainCheck) {
  const { reason, violations, ledger } = describeCase(record);
  const own = Object.values(violations).filter(({ caseId }) => caseId === record.caseId);
  const activity = findActivity(record);
  const [severityId, severity] = severities[record.severity];
  const [statusId, status] = findStatus(record);
  return {
    activity_id: activity,
    activity_name: activities[activity],
    category_name: 'Findings',
    category_uid: 2,
    class_name: 'Detection Finding',
    class_uid: classUid,
    type_name: `Detection Finding: ${activities[activity]}`,
    type_uid: classUid * 100 + activity,
    time: record.updatedAt,
    severity,
    severity_id: severityId,
    status,
    status_id: statusId,
    ...(reason !== undefined && { status_detail: reason }),
    message: `${record.thingName}: ${record.status}`,
    metadata: {
      version: schemaVersion,
      product: { name: 'Cordon', vendor_name: 'Cordon', version: productVersion },
      profiles: ['cloud'],
      uid: `${record.caseId}#${record.timelineSeq}`,
    },
    finding_info: writeFindingInfo(record, own),
    resources: [
      { uid: record.thingName, name: record.thingName, type: 'AWS::IoT::Thing', ...describeThing(record) },
    ],
    evidences: own.flatMap(writeEvidences),
    ...(record.ledger.length > 0 && { remediation: { desc: describeActions(ledger) } }),
    cloud: { provider: 'AWS', ...findPlace(record) },
    unmapped: {
      status: record.status,
      detector: record.detector,
      playbook: record.playbook,
      release: record.release,
      escalation: record.escalation,
      violations: own,
      ledger,
      ...measure(record),
      timeline: chain,
    },
  };
}

/** A finding is created with its case, and closed with it. */
function findActivity({ status, openedAt, updatedAt }: Case): 1 | 2 | 3 {
  if (status === 'closed') return 3;
  return updatedAt === openedAt ? 1 : 2;
}

function findStatus({ status, reason }: Case): readonly [number, string] {
  if (status === 'closed') return reason?.code === 'dismissed' ? [3, 'Suppressed'] : [4, 'Resolved'];
  const reviewed = reason?.code === 'rejected';
  return (status === 'observed' || status === 'awaiting-approval') && !reviewed
    ? [1, 'New']
    : [2, 'In Progress'];
}

function writeFindingInfo(record: Case, own: readonly Violation[]) {
  const keys = own.map(findingKey);
  const types = [...new Set(own.map(({ metric, kind }) => metric ?? `${kind} finding`))];
  return {
    uid: record.caseId,
    title:
      keys.length > 0
        ? `${record.thingName} violates ${keys.join(', ')}`
        : `${record.thingName}: no violation`,
    desc: own
      .map((violation) =>
        violation.kind !== undefined
          ? `${findingKey(violation)}: ${describeFinding(violation)}`
          : `${findingKey(violation)}: ${violation.metric} is ${JSON.stringify(violation.value ?? null)}, normal is ${violation.criteria ?? 'unknown'}`,
      )
      .join('; '),
    types,
    created_time: record.openedAt,
    modified_time: record.updatedAt,
    ...(own.length > 0 && {
      first_seen_time: Math.min(...own.map(({ alarmAt }) => alarmAt)),
      last_seen_time: Math.max(...own.map(({ lastEventAt }) => lastEventAt)),
    }),
  };
}

function describeThing({ facts }: Case) {
  if (facts?.kind !== 'known') return {};
  return {
    data: { thingTypeName: facts.thingTypeName, attributes: facts.attributes, groups: facts.groups },
  };
}

/** Evidence needs one of its objects, and a process a whole number as its pid (schema); the device may send any. */
function writeEvidences({ evidence = [] }: Violation) {
  return evidence.map((row) =>
    isWhole(row.pid) ? { process: writeProcess(row, row.pid), data: row } : { data: row },
  );
}

function isWhole(value: number | undefined): value is number {
  return Number.isSafeInteger(value);
}

function writeProcess(row: Evidence, pid: number) {
  const { executable, commandLine, user, startedAt, ppid, parents } = row;
  const name = executable?.split('/').at(-1);
  return {
    pid,
    ...(name && { name }),
    ...(commandLine !== undefined && { cmd_line: commandLine }),
    ...(executable && { file: { name: name || executable, path: executable, type_id: 1 } }),
    ...(user && { user: { name: user } }),
    ...(isWhole(startedAt) && { created_time: startedAt }),
    ...(isWhole(ppid) && {
      parent_process: { pid: ppid, ...(parents?.[0] && { name: parents[0] }) },
    }),
  };
}

function describeActions(ledger: CaseInWords['ledger']): string {
  return ledger
    .map(({ action, status, detail }) => `${action}: ${status}${detail ? ` (${detail})` : ''}`)
    .join('; ');
}

/** Region and account, as the ARN of the thing's certificate has them. */
function findPlace({ facts }: Case) {
  const arn = facts?.kind === 'known' ? facts.principals[0]?.arn : undefined;
  const [, , , region, account] = arn?.split(':') ?? [];
  return { ...(region && { region }), ...(account && { account: { uid: account } }) };
}
