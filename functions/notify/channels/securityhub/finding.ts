import type { FindingSeverity, FindingWorkflow, SecurityFinding } from '../../../../shared/aws/security-hub';
import { printable } from '../../../../shared/domain/messages/announcement';
import type { Announcement } from '../../../../shared/domain/messages/announcement-schema';
import { describeAction } from '../../../../shared/domain/messages/describe-action';
import {
  describeDecision,
  describeState,
  findRunbook,
  listNextCommands,
  titleOf,
} from '../../../../shared/domain/messages/describe-state';
import { clip } from '../../../../shared/domain/text';
import { isSafeLink } from '../link';

/** If a person has something to do, NEW; if it is done or somebody has taken it, NOTIFIED. */
export function findWorkflow({ status, kind, decided }: Announcement): FindingWorkflow {
  if (status === 'closed') return kind === 'dismissed' ? 'SUPPRESSED' : 'RESOLVED';
  const isWaiting = /^(awaiting-approval|containment-failed|release-conflict)$/.test(status);
  return status === 'contained' || status === 'releasing' || (decided && !isWaiting) ? 'NOTIFIED' : 'NEW';
}

const severities = new Map<string, FindingSeverity>([
  ['critical', 'CRITICAL'],
  ['high', 'HIGH'],
  ['medium', 'MEDIUM'],
  ['low', 'LOW'],
]);

/** The limits of ASFF in characters (Security Hub API reference, AwsSecurityFinding). */
const max = {
  title: 256,
  description: 1_024,
  id: 512,
  field: 2_048,
  detail: 1_023,
  advice: 512,
  severity: 64,
};

/** The finding in the AWS Security Finding Format. `updatedAt`: in ms. */
export function writeFinding(newest: Announcement, iotArnPrefix: string, updatedAt: number): SecurityFinding {
  const [, partition = 'aws', , region = '', account = ''] = iotArnPrefix.split(':');
  const { caseId, severity, drill, status, playbook, link, text } = newest;
  return {
    SchemaVersion: '2018-10-08',
    Id: one(`cordon/${region}/${account}/${caseId}`, max.id),
    ProductArn: `arn:${partition}:securityhub:${region}:${account}:product/${account}/default`,
    ProductName: 'Cordon',
    CompanyName: 'Cordon',
    GeneratorId: one(`cordon/${playbook ?? 'no-playbook'}`, max.id),
    AwsAccountId: account,
    CreatedAt: new Date(findBeginning(newest)).toISOString(),
    UpdatedAt: new Date(updatedAt).toISOString(),
    Title: one(titleOf(newest), max.title),
    Description: one(`${describeState(newest)}: ${text}`, max.description),
    FindingProviderFields: {
      Severity: {
        Label: drill ? 'INFORMATIONAL' : (severities.get(severity) ?? 'INFORMATIONAL'),
        Original: one(severity, max.severity) || 'none',
      },
      Types: ['Unusual Behaviors'],
    },
    Remediation: {
      Recommendation: { Text: advise(newest), ...(isSafeLink(link) && { Url: link }) },
    },
    ...(isSafeLink(link) && { SourceUrl: link }),
    ProductFields: writeFields(newest),
    Resources: [writeResource(newest, iotArnPrefix)],
    RecordState: status === 'closed' ? 'ARCHIVED' : 'ACTIVE',
    ...(drill && { Sample: true }),
  };
}

/** One line of printable text. */
function one(text: string, length: number): string {
  return clip(printable(text.split('\n').join('; ')), length);
}

/** The time of the first alarm, unless the sender's clock was wrong. */
function findBeginning({ at, violations }: Announcement): number {
  const alarms = violations.map(({ alarmAt }) => alarmAt).filter((alarmAt) => alarmAt > 0 && alarmAt <= at);
  return Math.min(at, ...alarms);
}

function advise(newest: Announcement): string {
  const runbook = findRunbook(newest);
  const steps = [...listNextCommands(newest), ...(runbook ? [`see ${runbook}`] : [])];
  return one(steps.join('; '), max.advice) || 'Nothing is left to do.';
}

/** Names and values of no standard field; an empty value is refused. */
function writeFields(newest: Announcement): Record<string, string> {
  const { caseId, seq, status, playbook, detector, violations, evidence, actions } = newest;
  const told = {
    CaseId: caseId,
    Seq: String(seq),
    Status: status,
    Playbook: playbook,
    Detector: detector,
    Violations: violations
      .map(({ words, behavior }) => (words ? `${words} (${behavior})` : behavior))
      .join('; '),
    Processes: evidence.join('; '),
    Actions: actions.map(describeAction).join('; '),
    DecidedBy: describeDecision(newest),
  };
  return Object.fromEntries(
    Object.entries(told).flatMap(([name, value]) => {
      const shown = one(value ?? '', max.field);
      return shown.trim() === '' ? [] : [[`cordon/${name}`, shown]];
    }),
  );
}

/** ASFF has no type of its own for things of AWS IoT. */
function writeResource({ thing, thingName, status }: Announcement, iotArnPrefix: string) {
  const [, partition = 'aws', , ownRegion = '', ownAccount = ''] = iotArnPrefix.split(':');
  const { region, account, name } = thing ?? { region: ownRegion, account: ownAccount, name: thingName };
  return {
    Type: 'Other',
    Id: one(`arn:${partition}:iot:${region}:${account}:thing/${name}`, max.id),
    Partition: partition as 'aws',
    Region: region,
    Details: {
      Other: {
        thingName: one(thingName, max.detail).trim() || 'unnamed',
        caseStatus: one(status, max.detail).trim() || 'unknown',
      },
    },
  };
}
