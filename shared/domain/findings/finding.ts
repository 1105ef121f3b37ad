import type { AuditCheck } from '../configuration/audit-checks';
import type { DeviceText } from '../configuration/device-texts';
import type { Severity } from '../severity';
import { type BehaviorSubject, behaviorKey, type FindingEvent, type Violation } from './violation';

/**
 * What a source reports about a thing. Only a behavior's violation has profile, behavior, metric, value and reporter.
 * It is the kind without a name, because cases of earlier releases have no other kind.
 */
export type Finding = Violation | ExternalFinding | AuditFinding;

/** The fields that only a behavior's violation has. */
type OfBehavior =
  | 'securityProfileName'
  | 'behaviorName'
  | 'metric'
  | 'value'
  | 'criteria'
  | 'reporter'
  | 'evidence'
  | 'isPartial'
  | 'uncounted'
  | 'confidence';

type WithoutBehavior = { readonly [Field in OfBehavior]?: undefined };

/** The finding of a sender of `sources.external`. All text is the sender's word. */
export interface ExternalSubject extends WithoutBehavior {
  readonly kind: 'external';
  /** The sender's name in cordon.yml. */
  readonly source: string;
  readonly title: string;
  readonly severity: Severity;
  /** The product that found it. */
  readonly product?: string;
  /** Where people read on. */
  readonly url?: string;
  /** The text of OCSF's `device` that has the thing's name, if cordon.yml does not say that it names things. */
  readonly namedBy?: DeviceText;
}

/** The finding of a check of Device Defender Audit. */
export interface AuditSubject extends WithoutBehavior {
  readonly kind: 'audit';
  readonly source?: undefined;
  readonly check: AuditCheck;
  /** The certificate's id, the policy's name or the client id. */
  readonly resource: string;
  /** Why it does not comply, in the words of AWS. */
  readonly reason: string;
  readonly severity: Severity;
}

/** The content of a finding, without its state. */
export type FindingSubject = BehaviorSubject | ExternalSubject | AuditSubject;

/** A sender can't end what it says: only an operator or time releases a thing. */
export interface ExternalFinding extends FindingEvent, ExternalSubject {
  readonly detector: 'external';
  readonly eventType: 'in-alarm';
}

/** As of the start of the audit. It is cleared when a later audit has it no more. */
export interface AuditFinding extends FindingEvent, AuditSubject {
  readonly detector: 'audit';
  readonly eventType: 'in-alarm' | 'alarm-cleared';
}

/** The message that an audit is over. It has no findings. */
export interface AuditResult {
  readonly taskId: string;
  /** Epoch ms. */
  readonly startedAt: number;
  readonly checks: readonly {
    readonly check: string;
    readonly status: string;
    /** Resources that do not comply and are not suppressed. */
    readonly nonCompliant: number;
  }[];
}

export type Reading =
  | { readonly kind: 'findings'; readonly findings: readonly Finding[] }
  /** `result`: absent if the message lacks a field of a result. */
  | { readonly kind: 'audit'; readonly result?: AuditResult | undefined }
  /** A message that is no fault, and that nothing follows from. */
  | { readonly kind: 'ignored'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string };

/** One kind of message on the alerts topic. A new one is a file in sources/ and a line in read-message.ts. */
export interface Source {
  readonly name: string;
  /** A name for its messages, and a field that all of them have, for the reason of a rejection. */
  readonly reads: { readonly what: string; readonly field: string };
  /** Undefined: the message is of another source. Never throws. */
  read(message: Readonly<Record<string, unknown>>): Reading | undefined;
}

/** What distinguishes a finding from the others about its thing. */
export type Subject =
  | Pick<Violation, 'kind' | 'securityProfileName' | 'behaviorName'>
  | Pick<ExternalFinding, 'kind' | 'source' | 'violationId'>
  | Pick<AuditFinding, 'kind' | 'check' | 'resource'>;

/** What findings about several things have in common: their behavior, sender or check. */
export function findingGroup(finding: Subject): string {
  switch (finding.kind) {
    case undefined:
      return behaviorKey(finding);
    case 'external':
      return `external finding/${finding.source}`;
    case 'audit':
      return `audit finding/${finding.check}`;
  }
}

/** Whether a finding is of the behavior, sender or check: by its whole name, or by what follows the first slash. */
export function isOfGroup(key: string, wanted: string): boolean {
  const names = [key, key.slice(key.indexOf('/') + 1)];
  // The name of no security profile has a space.
  const isOther = /^\w+ finding\//.test(key);
  return names.some((name) => name === wanted || (isOther && name.startsWith(`${wanted}/`)));
}

/**
 * The groups of the findings with these keys. Findings of another product or of an audit differ by their own ids, but
 * share a group.
 */
export function groupsOfKeys(keys: readonly string[]): readonly string[] {
  return [...new Set(keys.map((key) => /^\w+ finding\/[^/]+/.exec(key)?.[0] ?? key))].toSorted();
}

/**
 * Under which a case keeps a finding, and people read of it. The name of no security profile has a space.
 */
export function findingKey(finding: Subject): string {
  switch (finding.kind) {
    case undefined:
      return behaviorKey(finding);
    case 'external':
      return `external finding/${finding.source}/${finding.violationId}`;
    case 'audit':
      return `audit finding/${finding.check}/${finding.resource}`;
  }
}
