import type { ActionName } from '../actions/registry';
import type { ReleaseRule } from '../configuration';
import type { Facts } from '../facts';
import type { Finding } from '../findings/finding';
import type { Severity } from '../severity';
import type { ThingKey } from '../thing-ref';
import type { LedgerEntry } from './ledger-entry';
import type { Outbox } from './outbox';
import type { PersonRequest } from './person-request';
import type { LeftOut, Reason } from './reasons';
import type { OutOfOrderClear, ViolationRecord } from './violation-record';

/** Fields that a case may have in any status; a later status keeps those that earlier ones recorded. */
export interface CaseBase {
  readonly schema: 1;
  readonly caseId: string;
  readonly thingName: ThingKey;
  readonly severity: Severity;
  /** The assignee. */
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
  /** The operator's command behind its present state; absent if a rule decided. */
  readonly decided?: { readonly command: string; readonly actor: string; readonly comment?: string };
  /** An operator's order that waits for a second person, until it expires (`guards.fourEyes`). */
  readonly request?: PersonRequest;
  readonly detector: Finding['detector'] | 'operator';
  /** By behavior key; entries of earlier, closed cases stay, so that a late repeat opens nothing. */
  readonly violations: Readonly<Record<string, ViolationRecord>>;
  /**
   * When a person or a release last ended a case of the thing. Earlier alarms have no effect, however late they arrive.
   */
  readonly settledAt?: number;
  /**
   * By behavior key: ends of alarms that arrived before the alarms, because the queues between detector and case keep
   * no order.
   */
  readonly outOfOrderClears?: Readonly<Record<string, OutOfOrderClear>>;
  readonly ledger: readonly LedgerEntry[];
  /** AWS's answers about the thing when it was looked up. */
  readonly facts?: Facts;
  readonly outbox: Outbox;
  /** Hash of the newest timeline row, empty before the first. */
  readonly timelineHead: string;
  readonly timelineSeq: number;
  /** The number of events that its long timeline no longer lists. */
  readonly foldedEvents?: number;
  readonly announcementSeq: number;
  /** The last command that changed the case: a command that arrives twice takes effect once. */
  readonly lastCommandId?: string;
  /**
   * Set once the device reconnected with cached rights. Until this time the case does not count as contained, since the
   * device may send a message at each connect before its session is cut.
   */
  readonly evadesUntil?: number;
  /**
   * People were notified of the present trouble: the denial of the planned containment is not verified, or AWS fails
   * during the release.
   */
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
  /** For a failed containment that nobody has taken: since when, how often that was announced, and when it is announced again. */
  readonly reminder?: { readonly since: number; readonly told: number; readonly dueAt: number };
  /** Somebody took the failed containment, so that another failure of it is not announced again and again. */
  readonly isTaken?: true;
  /** When it was last put into the digest of cases that are only recorded, epoch ms. */
  readonly digestAt?: number;
  /** Its storm: one message covers many cases of one behavior. `apart`: the case had a message of its own as well. */
  readonly storm?: { readonly id: string; readonly behavior: string; readonly apart?: true };
  /** Channels that showed it, if cordon.yml has routes. */
  readonly toldTo?: readonly string[];
  /** One announcement covered all things that wait for approval, so this case causes no message of its own. */
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
  /** The question to people. */
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

/** Somebody else changed an object that the release would restore; a person must decide. */
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

/** A violation that an operator rejected, as reported by one certificate. The report of another is a new question. */
export interface Rejection {
  readonly behavior: string;
  /** The reporter's certificate; absent if the detector names none. */
  readonly principal?: string;
}

export function isOpen<C extends Pick<Case, 'status'>>(
  record: C | undefined,
): record is Exclude<C, { readonly status: 'closed' }> {
  return record !== undefined && record.status !== 'closed';
}

export function isContainment(record: Case): record is ContainmentCase {
  const { status } = record;
  return status === 'containing' || status === 'contained' || status === 'containment-failed';
}
