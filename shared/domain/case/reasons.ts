import type { ActionName } from '../actions/registry';
import type { KillSwitch, Withheld } from '../guards/kill-switch';
import type { GuardReason, Shared } from '../guards/reasons';
import type { Detail, WordsOnly } from './details';
import type { CaseStatus } from './status';

/** Why a case stands as it does. `messages/describe-reason.ts` has the words. */
export type Reason =
  | GuardReason
  | { readonly code: 'rejected'; readonly actor: string; readonly comment?: string }
  | { readonly code: 'approval-expired'; readonly asked?: Reason }
  /** An operator ordered it, and a second person has to order it too. */
  | Requested
  | { readonly code: 'drift' }
  /** The device came back with rights that IoT Core still had cached. */
  | { readonly code: 'evades'; readonly until: number }
  /** Planned, and held back by the kill switch. */
  | { readonly code: 'not-applied'; readonly killSwitch: KillSwitch; readonly actions: readonly ActionName[] }
  | { readonly code: 'unverified'; readonly detail?: readonly Detail[] }
  | { readonly code: 'not-denied'; readonly detail?: readonly Detail[] }
  | { readonly code: 'release-conflict'; readonly conflicts: readonly Conflict[] }
  /** `after`: why nothing was done about the violations, before they cleared. */
  | { readonly code: 'cleared'; readonly after?: Reason }
  | { readonly code: 'released'; readonly left: readonly Detail[] }
  | {
      readonly code: 'dismissed';
      readonly actor: string;
      readonly comment?: string;
      /** What the release could not restore. */
      readonly left: readonly (readonly Detail[])[];
    }
  /** The case was never open: the end of an alarm arrived before the alarm. */
  | { readonly code: 'clear-without-alarm' }
  | WordsOnly;

export interface Requested {
  readonly code: 'requested';
  readonly action: string;
  readonly actor: string;
  readonly until: number;
  readonly comment?: string;
}

interface Conflict {
  readonly action: ActionName;
  readonly detail: readonly Detail[];
}

/** Why a certificate can still connect until its denial by policy has spread. */
export type LeftOut =
  | { readonly code: 'cut-reconnects' }
  | Shared
  /** The event does not name the certificate, which is not among those that are held inactive. */
  | { readonly code: 'session-while-inactive'; readonly clientId: string }
  | WordsOnly;

/** Why a command changes nothing; of an operator's command, what its sender is answered. */
export type Refusal =
  | Withheld
  | { readonly code: 'case-closed' }
  | { readonly code: 'taken-up-before' }
  | { readonly code: 'late-event' }
  | { readonly code: 'own-echo' }
  | { readonly code: 'late-clear' }
  | { readonly code: 'nothing-due' }
  | { readonly code: 'no-case' }
  | { readonly code: 'no-open-case' }
  | { readonly code: 'has-open-case' }
  | { readonly code: 'not-in-quarantine-group' }
  | { readonly code: 'not-held' }
  | { readonly code: 'session-under-denial' }
  | { readonly code: 'older-session' }
  | { readonly code: 'nothing-awaits-approval' }
  | { readonly code: 'already-held'; readonly status: CaseStatus }
  | { readonly code: 'facts-unavailable'; readonly error: string }
  | { readonly code: 'not-registered' }
  | { readonly code: 'already-releasing' }
  | { readonly code: 'nothing-holds'; readonly status: CaseStatus }
  | { readonly code: 'held'; readonly status: CaseStatus }
  | { readonly code: 'held-so-already' }
  | { readonly code: 'no-rights'; readonly actions: readonly ActionName[] }
  | { readonly code: 'no-comment' }
  | {
      readonly code: 'second-person';
      /** `same`: who asked can't confirm it. `unproven`: this way in proves nobody's identity. */
      readonly why: 'unproven' | 'same' | 'other-source' | 'other-order';
      readonly actor?: string;
      readonly action?: string;
      readonly until?: number;
    }
  /** `force` overrides it. */
  | { readonly code: 'needs-force'; readonly objection: Objection }
  | WordsOnly;

/** What an operator overrides by force. */
export type Objection =
  | Extract<GuardReason, { code: 'exempt' | 'shared' | 'kill-switch' }>
  /** The violation is in alarm, and would have the thing contained again at once. */
  | { readonly code: 'still-in-alarm'; readonly behavior: string };
