import type { ActionName, PriorState } from '../actions/registry';
import type { ReleaseRule, Severity } from '../configuration';
import type { Facts } from '../facts';
import type { Evidence, MetricValue, Reporter, Violation, ViolationEventType } from '../findings/violation';
import type { ThingKey } from '../thing-ref';
import type { Detail } from './details';
import type { News, TimelineEvent } from './news';
import type { LeftOut, Reason } from './reasons';
import type { CaseStatus } from './status';

/** All that Cordon holds on one thing from its first open violation until closed; also, once closed, its memory. */
export interface Case {
  readonly schema: 1;
  readonly caseId: string;
  readonly thingName: ThingKey;
  readonly status: CaseStatus;
  readonly severity: Severity;
  readonly openedAt: number;
  readonly updatedAt: number;
  readonly closedAt?: number;
  /** Of a closed case: until when its timeline is kept, epoch ms; absent where that is for ever. */
  readonly keptUntil?: number;
  readonly containedAt?: number;
  /** Why nothing (more) was done: a guard, a mode, a failure. */
  readonly reason?: Reason;
  readonly playbook?: string;
  readonly detector: 'cordon' | 'device-defender' | 'operator';
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
  /** Events that its timeline only counts, since it is long by now. */
  readonly foldedEvents?: number;
  readonly announcementSeq: number;
  /** Of the last command that changed the case, so that it takes effect once however often it is delivered. */
  readonly lastCommandId?: string;
  /**
   * Set once the device came back with rights that IoT Core still had cached: until then it counts as not yet
   * contained, since at each connect it may get a message through before it is cut.
   */
  readonly evadesUntil?: number;
  /** People have heard, since it was planned, that its denial is not verified. */
  readonly isTold?: true;
  /**
   * Why a certificate of the thing may go on connecting until its denial by policy has spread: each connect with it is
   * cut.
   */
  readonly leftOut?: readonly LeftOut[];
  /** The newest connect of each client id that was heard of while the thing is held. */
  readonly connects?: Readonly<Record<string, { readonly version: number; readonly at: number }>>;
  /** Who or what ends the containment; of the playbook that planned it. */
  readonly release?: ReleaseRule;
  /**
   * Only the kill switch kept it from being contained (`observed`), or it could not be read (`awaiting-approval`): once it
   * is off, its open violations are judged again.
   */
  readonly heldBackBy?: 'kill-switch';
  /** Waits for approval as others do, of which people were told with another thing: its own waiting is no message. */
  readonly quiet?: true;
  /** What an operator rejected in this case: only an operator may contain for it. */
  readonly rejections?: readonly Rejection[];
  /** Of cases of before 1.0: an operator rejected whatever there is. */
  readonly rejected?: true;
  /** When the thing was contained, also in earlier cases, newest last: repeat offenders are known by it. */
  readonly pastContainments?: readonly number[];
  /** What the playbook added to its own actions, since the thing was contained often of late. */
  readonly escalation?: readonly ActionName[];
  /** When the sweep must check the case, epoch ms; absent if nothing is pending. */
  readonly dueAt?: number;
}

export interface ViolationRecord {
  readonly caseId: string;
  readonly violationId: string;
  readonly securityProfileName: string;
  readonly behaviorName: string;
  readonly metric: string;
  readonly detector?: Violation['detector'];
  /** Device Defender's own id of it, kept where Cordon's detector saw the same. */
  readonly defenderId?: string;
  readonly lastEventType: ViolationEventType;
  readonly lastEventAt: number;
  /** Of the last in-alarm. */
  readonly alarmAt: number;
  /** When it was last announced to people, epoch ms: a flapping value must not page each time. */
  readonly toldAt?: number;
  readonly value?: MetricValue;
  readonly criteria?: string;
  readonly reporter?: Reporter;
  readonly evidence?: readonly Evidence[];
  /** Not all that led to the last alarm is in it. */
  readonly isPartial?: true;
  readonly uncounted?: readonly string[];
  /** Why the last alarm was excepted. */
  readonly excepted?: Reason;
  /** Of an ML behavior. */
  readonly confidence?: NonNullable<Violation['confidence']>;
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
   * Of a certificate's deactivation that only bridges the time in which IoT Core may go on with cached policies: it is
   * undone as soon as the denial by policy has spread, while the thing stays contained.
   */
  readonly bridge?: {
    /** How long a policy change takes to bite. */
    readonly spreadMs: number;
    /** The time has passed: it is undone once the denial by policy is verified again. */
    readonly over?: true;
  };
  readonly prior: PriorState;
  readonly plannedAt: number;
  readonly appliedAt?: number;
  readonly verifiedAt?: number;
  readonly revertedAt?: number;
  /** What the last step did or found. */
  readonly detail?: readonly Detail[];
  /** The action that AWS refused and this one makes up for. */
  readonly standsInFor?: ActionName;
  /** It is applied, and no source of AWS could tell whether it denies. */
  readonly unproven?: true;
  /** Of a reverted one: what is not as it was before. */
  readonly left?: readonly Detail[];
  readonly attempts: number;
}

/** What an operator said no to: a violation as one certificate reported it. Another's word of the same is a new question. */
export interface Rejection {
  readonly behavior: string;
  /** The reporter's certificate; absent where the detector names none. */
  readonly principal?: string;
}

/** What still has to leave the case: told and recorded at least once, then cleared. */
interface Outbox {
  readonly announcements: readonly PendingAnnouncement[];
  /** Violations that Device Defender is to be told were false positives. */
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
  | 'containing'
  | 'contained'
  | 'containment-failed'
  | 'new-violation'
  | 'rejected'
  | 'refused'
  | 'approval-expired'
  | 'drift'
  | 'new-certificate'
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

export function isOpen<C extends Pick<Case, 'status'>>(record: C | undefined): record is C {
  return record !== undefined && record.status !== 'closed';
}

/** Of a case's ledger, what tells whether it holds something. */
export interface HeldLedger {
  readonly ledger: readonly Pick<LedgerEntry, 'status' | 'prior'>[];
}

/** Statuses in which mitigation actions hold the thing, or may. */
export function holdsThing({ ledger }: HeldLedger): boolean {
  return ledger.some(({ status }) => status === 'planned' || status === 'applied' || status === 'verified');
}

/** Whether something still has to leave the case. */
export function owesNews({ outbox: { timeline, announcements, falsePositives = [] } }: Case): boolean {
  return timeline.length + announcements.length + falsePositives.length > 0;
}

/** Whether the case applies or verifies mitigation actions. */
export function isContainment({ status }: Case): boolean {
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
