import type { ActionName } from '../actions/registry';
import type { ReleaseRule } from '../configuration';
import type { ViolationEventType } from '../findings/violation';
import type { Detail } from './details';
import type { LeftOut, Reason, Refusal, Requested } from './reasons';
import type { CaseStatus } from './status';

export interface Undermined {
  readonly code: 'undermined';
  readonly object: 'certificate' | 'policy';
  readonly name: string;
}

/** How strong a containment is, and what it leaves out. */
export type Strength =
  /** AWS refused `action`, and its backup denies instead; or the backup was refused, which `backup` no longer needs. */
  | {
      readonly code: 'replaced';
      readonly action: ActionName;
      readonly standsInFor?: ActionName;
      readonly detail?: readonly Detail[];
    }
  | {
      readonly code: 'unproven' | 'not-proven-yet';
      readonly action: ActionName;
      readonly detail?: readonly Detail[];
    }
  | { readonly code: 'deactivation-failed'; readonly detail?: readonly Detail[] }
  | { readonly code: 'certificates-held'; readonly until: 'spread' | 'release' }
  | { readonly code: 'left-out'; readonly why: LeftOut }
  | { readonly code: 'inactive-before'; readonly certificateId: string; readonly status: string }
  | NotHeld
  /** An audit found a way round it. */
  | Undermined;

/** A part of an announcement; several are one text. `messages/describe-news.ts` has the words. */
export type News =
  | Reason
  | Strength
  | { readonly code: 'denied' }
  | { readonly code: 'restored'; readonly left: readonly Detail[] }
  | { readonly code: 'deactivation-over'; readonly detail: readonly Detail[] }
  | {
      readonly code: 'further-violation';
      readonly behavior: string;
      /** Actions that its playbook would add, and why they are not taken. */
      readonly without?: { readonly actions: readonly ActionName[]; readonly reason: Reason };
    }
  /** Why a further finding has no effect, and what the case still waits for. */
  | {
      readonly code: 'nothing-further';
      readonly behavior: string;
      readonly reason: Reason;
      readonly waits?: Reason;
    }
  | { readonly code: 'held-harder'; readonly behavior: string; readonly actions: readonly ActionName[] }
  /** A later audit no longer finds the way round the containment. */
  | {
      readonly code: 'no-longer-undermined';
      readonly object: 'certificate' | 'policy';
      readonly name: string;
    }
  | { readonly code: 'foreign-clear'; readonly behavior: string }
  | { readonly code: 'refused'; readonly command: string; readonly actor: string; readonly refusal: Refusal }
  /** Nobody took a failed containment; without `nextMs` it is not announced again. */
  | { readonly code: 'nobody-on-it'; readonly since: number; readonly told: number; readonly nextMs?: number }
  | CertificateNews
  /** Others come without a message of their own. */
  | { readonly code: 'others-wait' | 'others-rejected' | 'others-violated' };

/** A certificate that the containment did not cover before. */
export interface CertificateNews {
  readonly code: 'certificate';
  /** Why it was not covered: it was attached while the thing was held, or the group's policy no longer binds it. */
  readonly change: 'attached' | 'detached' | 'escapes-group';
  readonly certificateIds: readonly string[];
  /** Why it is left alone; it is held as well if that is absent. */
  readonly objection?: Reason;
}

/** Attached to the thing, and no certificate: no action holds an identity of Amazon Cognito. */
interface NotHeld {
  readonly code: 'not-held';
  readonly principals: readonly string[];
}

/** What happened in a case. `messages/describe-event.ts` has the words of its row in the timeline. */
export type TimelineEvent =
  | { readonly code: 'opened'; readonly groups?: readonly string[] }
  | {
      readonly code: 'violation';
      readonly eventType: ViolationEventType;
      readonly behavior: string;
      /** Absent for findings of other products and audits, and in events of Cordon 0.2.0 and before. */
      readonly metric?: string;
      /** The value as JSON, cut. */
      readonly value: string;
      /** How far the sender's clock was ahead. */
      readonly aheadSeconds?: number;
    }
  | { readonly code: 'events-folded'; readonly rows: number }
  | { readonly code: 'foreign-clear'; readonly behavior: string }
  /** An operator's command that is carried out. */
  | {
      readonly code: 'command';
      readonly command: string;
      readonly comment?: string;
      /** Who gave the order first, if it needs two people. */
      readonly askedBy?: string;
    }
  /** An operator's order that waits for a second person. */
  | Requested
  | { readonly code: 'comment'; readonly comment: string }
  | { readonly code: 'assigned'; readonly to?: string; readonly comment?: string }
  | { readonly code: 'command-refused'; readonly command: string; readonly refusal: Refusal }
  | { readonly code: 'rejected'; readonly comment?: string }
  | { readonly code: 'playbook-renamed'; readonly from?: string; readonly to: string }
  | { readonly code: 'judged-again' }
  | {
      readonly code: 'planned';
      readonly actions: readonly ActionName[];
      /** Only until the denial has spread. */
      readonly until?: ActionName;
      /** Wanted, and impossible now. */
      readonly impossible: readonly ActionName[];
    }
  /** The backup of an action that AWS refused. */
  | { readonly code: 'backup-planned'; readonly action: ActionName; readonly detail?: readonly Detail[] }
  | {
      readonly code: 'step';
      readonly action: ActionName;
      readonly kind: 'apply' | 'verify' | 'revert';
      readonly result: 'done' | 'unverified' | 'conflict' | 'refused';
      readonly detail: readonly Detail[];
    }
  | { readonly code: 'contained'; readonly strength: readonly Strength[] }
  | { readonly code: 'status'; readonly status: CaseStatus; readonly reason: Reason }
  | { readonly code: 'approval-expired'; readonly reason: Reason }
  | { readonly code: 'drift' }
  | { readonly code: 'reconnected' | 'other-client-id'; readonly clientId: string }
  | CertificateNews
  | NotHeld
  /** Time releases the thing. */
  | { readonly code: 'time-release'; readonly rule?: ReleaseRule }
  | {
      readonly code: 'closed';
      readonly reason: Reason;
      /** Events that are not listed. */
      readonly folded?: number;
    }
  /** A text that an earlier release had not sent yet. */
  | { readonly code: 'text'; readonly what: string; readonly detail?: string };
