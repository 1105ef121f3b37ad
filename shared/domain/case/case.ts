import type { ActionName, PriorState } from '../actions/registry';
import type { ReleaseRule, Severity } from '../configuration';
import type { Facts } from '../facts';
import type {
  AuditFinding,
  AuditSubject,
  ExternalFinding,
  ExternalSubject,
  Finding,
} from '../findings/finding';
import type { BehaviorSubject, Violation, ViolationEventType } from '../findings/violation';
import type { ThingKey } from '../thing-ref';
import type { Detail } from './details';
import type { News, TimelineEvent } from './news';
import type { PersonRequest } from './person-request';
import type { LeftOut, Reason } from './reasons';

/** What a case may have in any status; a later status keeps what earlier ones recorded. */
export interface CaseBase {
  readonly schema: 1;
  readonly caseId: string;
  readonly thingName: ThingKey;
  readonly severity: Severity;
  /** The person who takes care of it. */
  readonly assignee?: string;
  /** The person whose command changed it last. */
  readonly lastActor?: string;
  readonly openedAt: number;
  readonly updatedAt: number;
  /** When the denial was first verified, epoch ms. */
  readonly containedAt?: number;
  /** Why nothing (more) was done: a guard, a mode, a failure. */
  readonly reason?: Reason;
  readonly playbook?: string;
  /** The operator's command behind its present state; absent where a rule decided. */
  readonly decided?: { readonly command: string; readonly actor: string; readonly comment?: string };
  /** An operator's order that waits for a second person, until it expires (`guards.fourEyes`). */
  readonly request?: PersonRequest;
  readonly detector: Finding['detector'] | 'operator';
  /** By behavior key; entries of earlier, closed cases stay, so that a late repeat opens nothing. */
  readonly violations: Readonly<Record<string, ViolationRecord>>;
  /** By behavior key: ends of alarms that have yet to arrive, since nothing between detector and case keeps the order. */
  readonly earlyEnds?: Readonly<Record<string, EarlyEnd>>;
  readonly ledger: readonly LedgerEntry[];
  /** What AWS said of the thing when it was looked up. */
  readonly facts?: Facts;
  readonly outbox: Outbox;
  /** Hash of the newest timeline row, empty before the first. */
  readonly timelineHead: string;
  readonly timelineSeq: number;
  /** The number of events that its long timeline no longer lists. */
  readonly foldedEvents?: number;
  readonly announcementSeq: number;
  /** Of the last command that changed the case, so that it takes effect once however often it is delivered. */
  readonly lastCommandId?: string;
  /**
   * Set once the device reconnected with cached rights. Until this time the case does not count as contained, since the
   * device may send a message at each connect before its session is cut.
   */
  readonly evadesUntil?: number;
  /** People were notified, since it was planned, that its denial is not verified. */
  readonly isTold?: true;
  /**
   * Why a certificate of the thing can still connect until its denial by policy has spread; each session of it is cut.
   */
  readonly leftOut?: readonly LeftOut[];
  /** The newest known connect of each client id while the thing is held. */
  readonly connects?: Readonly<Record<string, { readonly version: number; readonly at: number }>>;
  /** The release rule of the playbook that planned the containment. */
  readonly release?: ReleaseRule;
  /**
   * Only the kill switch kept it from being contained (`observed`), or it could not be read (`awaiting-approval`): once it
   * is off, its open violations are judged again.
   */
  readonly heldBackBy?: 'kill-switch';
  /** Of a failed containment that nobody has taken: since when, how often that was announced, and when it is announced again. */
  readonly reminder?: { readonly since: number; readonly told: number; readonly dueAt: number };
  /** Somebody took the failed containment, so that another failure of it is not announced again and again. */
  readonly isTaken?: true;
  /** When it was last put into the digest of cases that are only recorded, epoch ms. */
  readonly digestAt?: number;
  /** It came with many others of one behavior, which one message covers; `apart`: it had a message of its own as well. */
  readonly storm?: { readonly id: string; readonly behavior: string; readonly apart?: true };
  /** Channels that showed it, where cordon.yml has routes. */
  readonly toldTo?: readonly string[];
  /** Waits for approval like other things, which one announcement covered: its own waiting causes no message. */
  readonly quiet?: true;
  /** Violations that an operator rejected in this case: only an operator may contain the thing because of them. */
  readonly rejections?: readonly Rejection[];
  /** In cases from before 1.0: an operator rejected all violations. */
  readonly rejected?: true;
  /** When the thing was contained, also in earlier cases, newest last; escalation uses it. */
  readonly pastContainments?: readonly number[];
  /** Actions that the playbook added, since the thing was contained repeatedly. */
  readonly escalation?: readonly ActionName[];
  /** When the sweep must check the case, epoch ms; absent if nothing is pending. */
  readonly dueAt?: number;
}

/** The violation is recorded and nothing is done; once that is decided, `reason` says why. */
interface ObservedCase extends CaseBase {
  readonly status: 'observed';
}

interface AwaitingApprovalCase extends CaseBase {
  readonly status: 'awaiting-approval';
  /** What people are asked. */
  readonly reason: Reason;
  /** When the question expires, or the kill switch is read again. */
  readonly dueAt: number;
}

/** Actions are planned, or applied and not yet verified. */
export interface ContainingCase extends CaseBase {
  readonly status: 'containing';
  readonly release: ReleaseRule;
  readonly dueAt: number;
}

/** The denial is verified. */
export interface ContainedCase extends CaseBase {
  readonly status: 'contained';
  readonly containedAt: number;
  readonly release: ReleaseRule;
  /** When the denial is verified again, or the thing released. */
  readonly dueAt: number;
}

/** AWS refused an action, or the denial was not verified in time. The sweep retries it. */
interface ContainmentFailedCase extends CaseBase {
  readonly status: 'containment-failed';
  readonly reason: Reason;
  readonly release: ReleaseRule;
  readonly dueAt: number;
}

/** The actions are being reverted. */
interface ReleasingCase extends CaseBase {
  readonly status: 'releasing';
  readonly dueAt: number;
}

/** Somebody else changed what the release would restore; a person must decide. */
interface ReleaseConflictCase extends CaseBase {
  readonly status: 'release-conflict';
  readonly reason: Reason;
}

/** Closed; it remains as the memory of its thing. */
export interface ClosedCase extends CaseBase {
  readonly status: 'closed';
  readonly reason: Reason;
  readonly closedAt: number;
  /** Until when its timeline is kept, epoch ms; absent if kept forever. */
  readonly keptUntil?: number;
}

/** A case that applies or verifies mitigation actions. */
export type ContainmentCase = ContainingCase | ContainedCase | ContainmentFailedCase;

/** Everything Cordon records about one thing, from its first open violation until closed; then also its memory. */
export type Case =
  | ObservedCase
  | AwaitingApprovalCase
  | ContainmentCase
  | ReleasingCase
  | ReleaseConflictCase
  | ClosedCase;

/** What a case keeps of a finding of any kind. */
export type ViolationRecord = FindingRecord &
  (
    | (BehaviorSubject & { readonly detector?: Violation['detector'] })
    | (ExternalSubject & Pick<ExternalFinding, 'detector'>)
    | (AuditSubject & Pick<AuditFinding, 'detector'>)
  );

export interface FindingRecord {
  readonly caseId: string;
  readonly violationId: string;
  /** Device Defender's own id of it, kept where Cordon's detector saw the same. */
  readonly defenderId?: string;
  readonly lastEventType: ViolationEventType;
  readonly lastEventAt: number;
  /** Of the last in-alarm. */
  readonly alarmAt: number;
  /** When it was last announced to people, epoch ms: a flapping value must not page each time. */
  readonly toldAt?: number;
  /** Why the last alarm was excepted. */
  readonly excepted?: Reason;
}

export type EarlyEnd = Pick<
  Violation,
  'violationId' | 'eventType' | 'occurredAt' | 'detector' | 'value' | 'reporter'
>;

/**
 * planned -> applied -> verified; failed where AWS refused for good. Reverting goes back: reverted, or conflict where
 * somebody else changed what would be restored.
 */
type LedgerStatus = 'planned' | 'applied' | 'verified' | 'failed' | 'reverted' | 'conflict';

/** One mitigation action of the containment: what was there before, what was done, what release must restore. */
export interface LedgerEntry {
  readonly action: ActionName;
  readonly status: LedgerStatus;
  /**
   * Marks a temporary deactivation of certificates, for the time in which IoT Core may use cached policies: it is reverted
   * as soon as the denial by policy has spread, while the thing stays contained.
   */
  readonly bridge?: {
    /** How long a policy change takes to be effective. */
    readonly spreadMs: number;
    /** The time has passed: it is reverted once the denial by policy is verified again. */
    readonly over?: true;
  };
  readonly prior: PriorState;
  readonly plannedAt: number;
  readonly appliedAt?: number;
  readonly verifiedAt?: number;
  readonly revertedAt?: number;
  /** What the last step did or found. */
  readonly detail?: readonly Detail[];
  /** The action that AWS refused and that this one replaces. */
  readonly standsInFor?: ActionName;
  /** It is applied, and no source of AWS could say whether it denies. */
  readonly unproven?: true;
  /** Of a reverted one: what is not as it was before. */
  readonly left?: readonly Detail[];
  readonly attempts: number;
}

/** A violation that an operator rejected, as reported by one certificate. The report of another is a new question. */
export interface Rejection {
  readonly behavior: string;
  /** The reporter's certificate; absent where the detector names none. */
  readonly principal?: string;
}

/** What the case still has to publish: announced and recorded at least once, then cleared. */
interface Outbox {
  readonly announcements: readonly PendingAnnouncement[];
  /** Violations to report to Device Defender as false positives. */
  readonly falsePositives?: readonly string[];
  readonly timeline: readonly TimelineEntry[];
}

export interface PendingAnnouncement {
  readonly seq: number;
  readonly at: number;
  readonly kind: AnnouncementKind;
  readonly news: readonly News[];
  /** For other systems only. */
  readonly quiet?: true;
}

export type AnnouncementKind =
  | 'observed'
  | 'approval-needed'
  | 'second-person'
  | 'containing'
  | 'contained'
  | 'containment-failed'
  | 'new-violation'
  | 'rejected'
  | 'refused'
  | 'approval-expired'
  | 'drift'
  | 'new-certificate'
  | 'way-round-closed'
  | 'released'
  | 'release-conflict'
  | 'dismissed';

export interface TimelineEntry {
  readonly at: number;
  readonly event: TimelineEvent;
  readonly actor?: string;
}

const aboutWaiting: ReadonlySet<AnnouncementKind> = new Set([
  'approval-needed',
  'new-violation',
  'approval-expired',
  'rejected',
]);

export function isOpen<C extends Pick<Case, 'status'>>(
  record: C | undefined,
): record is Exclude<C, { readonly status: 'closed' }> {
  return record !== undefined && record.status !== 'closed';
}

/** The fields of a ledger entry that decide whether it holds the thing. */
export interface HeldLedger {
  readonly ledger: readonly Pick<LedgerEntry, 'status' | 'prior'>[];
}

/** Whether mitigation actions hold the thing, or may. */
export function holdsThing({ ledger }: HeldLedger): boolean {
  return ledger.some(({ status }) => status === 'planned' || status === 'applied' || status === 'verified');
}

/** Whether the case still has something to publish. */
export function owesNews({ outbox: { timeline, announcements, falsePositives = [] } }: Case): boolean {
  return timeline.length + announcements.length + falsePositives.length > 0;
}

export function isContainment(record: Case): record is ContainmentCase {
  const { status } = record;
  return status === 'containing' || status === 'contained' || status === 'containment-failed';
}

export function openViolations(record: Case): ViolationRecord[] {
  return Object.values(record.violations).filter(
    ({ caseId, lastEventType }) => caseId === record.caseId && lastEventType === 'in-alarm',
  );
}

export function note(record: Case, entry: TimelineEntry): Case {
  const timeline = [...record.outbox.timeline, entry];
  return { ...record, updatedAt: entry.at, outbox: { ...record.outbox, timeline } };
}

/** Queues an announcement; an unsent one of the same kind is replaced, since only the newest state matters. */
export function announce(record: Case, kind: AnnouncementKind, news: readonly News[], at: number): Case {
  const seq = record.announcementSeq + 1;
  const others = record.outbox.announcements.filter((pending) => pending.kind !== kind);
  const quiet = record.quiet && aboutWaiting.has(kind);
  const announcements = [...others, { seq, at, kind, news, ...(quiet && { quiet }) }];
  return { ...record, announcementSeq: seq, outbox: { ...record.outbox, announcements } };
}
