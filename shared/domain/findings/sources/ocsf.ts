import { isObject, listFields, withoutNulls } from '../../json';
import type { Severity } from '../../severity';
import { clip } from '../../text';
import type { ExternalFinding, Reading } from '../finding';
import { describeIssue } from '../issue';
import { type DetectionFinding, detectionFinding } from './ocsf-schema';
import { findThings, type Naming } from './ocsf-things';

export interface Arrival extends Naming {
  /** Older findings are set aside, since they may be repeats; so are later ones, which could be repeated until then. */
  readonly maxAge: number;
  readonly arrivedAt: number;
}

/** How far a sender's clock may be ahead. */
const aheadMs = 5 * 60_000;
const mostFindings = 10;

/**
 * Reads one message of a sender: a finding, a list of some, or an event of EventBridge that has some in its detail. A
 * faulty finding does not delay the others. Never throws.
 */
export function readExternal(message: unknown, arrival: Arrival): Reading[] {
  const documents = unwrap(message);
  if (documents.length > mostFindings)
    return [reject(`has ${documents.length} findings: at most ${mostFindings}`)];
  const readings = documents.map((document) => readFinding(document, arrival));
  const [first = reject('has no finding')] = readings;
  if (readings.length <= 1) return [first];
  const findings = readings.flatMap((reading) => (reading.kind === 'findings' ? reading.findings : []));
  const ignored = readings.find(({ kind }) => kind === 'ignored');
  const faults = readings.flatMap((reading, index) =>
    reading.kind === 'rejected' ? [`finding ${index}: ${reading.reason}`] : [],
  );
  return [
    ...(findings.length > 0 ? [{ kind: 'findings' as const, findings }] : []),
    ...(ignored ? [ignored] : []),
    ...(faults.length > 0 ? [reject(faults.join('; '))] : []),
  ];
}

function unwrap(message: unknown): unknown[] {
  if (Array.isArray(message)) return message;
  if (!isObject(message) || typeof message['detail-type'] !== 'string') return [message];
  const { detail } = message;
  return isObject(detail) && Array.isArray(detail.findings) ? detail.findings : [detail];
}

function readFinding(document: unknown, arrival: Arrival): Reading {
  const other = findOtherFormat(document);
  if (other !== undefined)
    return reject(`${other}: send it as a Detection Finding of OCSF that names the thing`);
  const result = detectionFinding.safeParse(withoutNulls(document));
  if (!result.success) {
    return reject(
      `not an OCSF Detection Finding: ${describeClass(document) ?? describeIssue(result.error.issues[0], document)}`,
    );
  }
  const { data } = result;
  const over = findIgnored(data);
  if (over !== undefined) return { kind: 'ignored', reason: over };
  const { time, finding_info: info } = data;
  const occurredAt = Math.max(toMs(time), toMs(info.modified_time ?? 0));
  const ageFault = judgeAge(occurredAt, arrival);
  if (ageFault !== undefined) return reject(ageFault);
  const named = findThings(data, arrival);
  if ('fault' in named) return reject(named.fault);
  const findings = named.things.map((thingName) =>
    toFinding(data, {
      ...{ thingName, occurredAt, source: arrival.source },
      ...(named.unsure && { namedBy: named.unsure }),
    }),
  );
  return { kind: 'findings', findings };
}

/** Formats of AWS that Cordon does not read. */
function findOtherFormat(document: unknown): string | undefined {
  if (!isObject(document) || 'class_uid' in document) return undefined;
  if ('ProductArn' in document) return 'a finding in the format of Security Hub CSPM (ASFF)';
  const { resource = document.Resource } = document;
  const type = isObject(resource) ? (resource.resourceType ?? resource.ResourceType) : undefined;
  return typeof type === 'string' ? `a GuardDuty finding about ${clip(type, 64)}` : undefined;
}

/** The class says most of what else it is. */
function describeClass(document: unknown): string | undefined {
  if (!isObject(document) || document.class_uid === 2004) return undefined;
  const { class_uid: uid } = document;
  return uid == null
    ? `class_uid is missing: ${listFields(document)}`
    : `class_uid is ${clip(JSON.stringify(uid), 32)}, and Cordon reads 2004, Detection Findings`;
}

/**
 * The schema requires milliseconds, but products such as Prowler and Okta send seconds. As milliseconds, such a number
 * would be before March 1973.
 */
function toMs(time: number): number {
  return Math.round(Math.abs(time) < 100_000_000_000 ? time * 1_000 : time);
}

/**
 * Ignores findings that say that something is over, because a sender can neither clear nor release, and Cordon's own
 * findings, which would come back as new ones.
 */
function findIgnored({
  activity_id: activity,
  status_id: status,
  status_code: code = '',
  metadata,
}: DetectionFinding): string | undefined {
  if (metadata.product.vendor_name === 'Cordon') return 'a finding of Cordon itself';
  if (activity === 3 || (status !== undefined && status >= 3 && status <= 6))
    return 'the sender closed the finding: only an operator or time ends a case';
  if (/^pass(ed)?$/i.test(code)) return 'a check that passed';
  return undefined;
}

function judgeAge(occurredAt: number, { arrivedAt, maxAge, source }: Arrival): string | undefined {
  const age = arrivedAt - occurredAt;
  if (age > maxAge)
    return `is ${Math.round(age / 1_000)} s old: ${source} may send findings of the last ${maxAge / 1_000} s (maxAge)`;
  return age < -aheadMs
    ? `is dated ${Math.round(-age / 1_000)} s ahead: time and modified_time are epoch ms or seconds`
    : undefined;
}

/** By severity_id; an unknown one, or one of the sender's own, is medium. */
const severities: Readonly<Record<number, Severity>> = {
  1: 'low',
  2: 'low',
  3: 'medium',
  4: 'high',
  5: 'critical',
  6: 'critical',
};

function toFinding(
  { severity_id: severity, metadata: { product }, finding_info: info, message }: DetectionFinding,
  about: Pick<ExternalFinding, 'thingName' | 'occurredAt' | 'source' | 'namedBy'>,
): ExternalFinding {
  const { src_url: url = '' } = info;
  return {
    kind: 'external',
    detector: 'external',
    eventType: 'in-alarm',
    ...about,
    violationId: info.uid,
    title: clip(info.title || message || info.uid, 300),
    severity: severities[severity] ?? 'medium',
    ...(product.name && { product: clip(product.name, 100) }),
    ...(/^https:\/\/[^\s<>"]{1,500}$/.test(url) && { url }),
  };
}

function reject(reason: string): Reading {
  return { kind: 'rejected', reason: clip(reason, 500) };
}
