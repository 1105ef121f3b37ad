import type { DeviceText } from '../configuration/device-texts';
import type { Finding } from '../findings/finding';
import type { Withheld } from './kill-switch';

/** Why a guard forbids every action, or asks people. `messages/describe-reason.ts` has the words. */
export type GuardReason =
  /** `kind`: of a finding that is no violation of a behavior. */
  | { readonly code: 'no-playbook'; readonly kind?: NonNullable<Finding['kind']> }
  | { readonly code: 'playbook-observes'; readonly playbook: string }
  | { readonly code: 'playbook-asks'; readonly playbook: string }
  | Withheld
  | { readonly code: 'facts-unavailable'; readonly error: string }
  | { readonly code: 'not-registered' }
  | Exemption
  | Excepted
  | ReporterHeld
  | ForeignReporter
  /** A text of OCSF's `device` has the thing's name, which may be that of another machine. */
  | { readonly code: 'named-by-device'; readonly sender: string; readonly text: DeviceText }
  | Shared
  /** An operator has already rejected a containment for the same violation. */
  | { readonly code: 'rejected-before' }
  | FleetLimitReached
  | SenderLimitReached;

/** What exempts: a thing group, or an attribute and its value. */
export interface Exemption {
  readonly code: 'exempt';
  readonly thingGroup?: string;
  readonly attribute?: { readonly name: string; readonly value: string };
}

/** Each child of the alarm is one of the playbook's exceptions, by their names. */
export interface Excepted {
  readonly code: 'excepted';
  readonly playbook: string;
  readonly exceptions: readonly string[];
}

/** The report is from a certificate of another thing, which is contained. */
export interface ReporterHeld {
  readonly code: 'reporter-held';
  readonly heldBy: readonly string[];
}

/** The report is from a certificate that is not the thing's. */
export interface ForeignReporter {
  readonly code: 'foreign-reporter';
}

/** Other things use a certificate or policy that the actions change. */
export interface Shared {
  readonly code: 'shared';
  readonly object: 'certificate' | 'policy';
  /** For a certificate, the first characters of its id. */
  readonly name: string;
  /** The first of them. */
  readonly holders: readonly string[];
}

export interface FleetLimitReached {
  readonly code: 'fleet-limit';
  readonly things: number;
  readonly percent?: number;
  readonly withinMs: number;
}

/** The sender had as many things contained as it may. */
export interface SenderLimitReached {
  readonly code: 'sender-limit';
  readonly sender: string;
  readonly things: number;
  readonly withinMs: number;
}
