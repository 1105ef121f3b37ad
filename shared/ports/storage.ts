import type { Lease } from '../domain/actions/lease';
import type { Case, ClosedCase } from '../domain/case/case';
import type { ClientConnect, ClientUser, KnownClientIds } from '../domain/case/client-ids';
import type { Refusal } from '../domain/case/reasons';
import type { AuditCheck } from '../domain/configuration/audit-checks';
import type { Flood, noteFlood, ToldFlood } from '../domain/detection/floods';
import type { Distribution } from '../domain/detection/percentiles';
import type { KnownAlarm } from '../domain/detection/reset';
import type { FleetSilence } from '../domain/detection/silence-notices';
import type { Contribution, Datapoint, DetectState } from '../domain/detection/state';
import type { AuditState } from '../domain/findings/audit';
import type { Heartbeat } from '../domain/heartbeat';
import type { ThingKey } from '../domain/thing-ref';

/** What the rules need to store. A file under shared/storage/ implements each. */

/** A value with the version it was read at; saving demands that nobody wrote in between. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: number;
}

export interface CaseStore {
  load(thingName: ThingKey): Promise<Versioned<Case> | undefined>;
  /** Throws VersionConflictError when the stored version isn't `previous` (0 = nothing stored). Returns the new version. */
  save(record: Case, previous: number): Promise<number>;
  /** Appends the pending timeline entries as one row, idempotent; returns the hash of the row. */
  appendTimeline(record: Case): Promise<string>;
  /** Keeps a closed case for the history, idempotent. */
  archive(record: ClosedCase): Promise<void>;
  /** Things whose case is due for work left undone, oldest first, at most `limit`. */
  listDue(now: number, limit: number): Promise<ThingKey[]>;
  /** Things whose containment failed or was lost and is due for another attempt, oldest first, at most `limit`. */
  listRetries(now: number, limit: number): Promise<ThingKey[]>;
  /** Things whose denial stands and is due to be verified again, oldest first, at most `limit`. */
  listRoutine(now: number, limit: number): Promise<ThingKey[]>;
}

/** Places in the fleet limit's sliding window, and the notices about it. */
export interface FleetLimit {
  /** Takes a place for a thing; false if none is left. A thing has only one place, even if it is contained again. */
  reserve(reservation: Reservation): Promise<boolean>;
  /**
   * Whether this case announces the fleet limit, or the rejection of what waited for it without a message of its own,
   * once in its window. Idempotent by case.
   */
  reserveNotice(notice: FleetNotice): Promise<boolean>;
  /** How many places are taken in the window that ends now. */
  countUsed(now: number, windowMs: number): Promise<number>;
  /** How many things the registry has, as counted last. */
  readSize(): Promise<FleetSize | undefined>;
  saveSize(size: FleetSize): Promise<void>;
}

/** Why commands were refused, for their senders. */
export interface Refusals {
  /** Kept for a day, and its entry in the audit as long as a closed case. Idempotent. */
  record(refused: RefusedCommand): Promise<void>;
  /** Undefined while the command was not refused. */
  read(thingName: ThingKey, requestId: string): Promise<Refusal | undefined>;
}

/** The newest heartbeat that came through. */
export interface Heartbeats {
  /** Keeps the one that was sent last. */
  record(heartbeat: Heartbeat): Promise<void>;
  /** Undefined before the first. */
  read(): Promise<Heartbeat | undefined>;
}

/** What the rules detector remembers of a thing, as far as a case's end changes it. */
export interface DetectionReset {
  /**
   * Makes the detector raise again what is out of bounds; `heldUntil`: earlier measurements of the device are old. `known`: the
   * alarms that the case knew.
   */
  reset(thingName: ThingKey, now: number, heldUntil?: number, known?: readonly KnownAlarm[]): Promise<void>;
}

/** Which things hold an object that they share, so that the last of them restores it. */
export interface Leases {
  /** Without holders whose case no longer holds the object. */
  load(object: Lease['object']): Promise<Versioned<Lease> | undefined>;
  /** Throws VersionConflictError as the case store does. A lease that is made again has no version of the one before. */
  save(lease: Lease, previous: number): Promise<number>;
  remove(object: Lease['object'], previous: number): Promise<void>;
}

export interface HeldThings {
  /**
   * Names of the held things that a session may be of: the one that the client id names, the one that its certificate
   * serves exclusively, and those that hold its certificate denied, since a device may connect under other ids. One read
   * if nothing is held.
   */
  find(clientId: string, certificateId: string | undefined, exclusiveThing?: string): Promise<ThingKey[]>;
}

/** Client ids that certificates connect under, as far as AWS IoT reports them: it reports no ids with `+` or `#`. */
export interface ClientIds {
  list(certificateId: string): Promise<KnownClientIds>;
  /** Who connected under the id last; undefined if no connect is known. */
  findUser(clientId: string): Promise<ClientUser | undefined>;
  /** Notes a connect. One read if it is no news. */
  recordConnect(clientId: string, connect: ClientConnect): Promise<void>;
}

export interface FleetSize {
  /** The result of the last complete count; absent before. */
  readonly things?: number;
  /** Epoch ms. */
  readonly countedAt?: number;
  /** An unfinished count: the things so far, and where it continues. */
  readonly counting?: { readonly things: number; readonly next: string };
}

export interface RefusedCommand {
  readonly thingName: ThingKey;
  readonly requestId: string;
  readonly refusal: Refusal;
  readonly now: number;
  /** For the audit, if no timeline says it. */
  readonly act?: RefusedAction;
}

/** Who gave which command. `caseId`: the case that it was for. */
interface RefusedAction {
  readonly command: string;
  readonly actor: string;
  readonly caseId?: string;
}

export interface Reservation {
  readonly thingName: ThingKey;
  readonly now: number;
  readonly limit: number;
  readonly windowMs: number;
  /** Within the limit of this sender of findings, instead of that of the fleet. */
  readonly sender?: string;
}

interface FleetNotice {
  readonly caseId: string;
  readonly now: number;
  readonly windowMs: number;
  readonly of?: 'rejection';
  readonly sender?: string;
}

export interface DetectStore {
  load(thingName: ThingKey): Promise<Versioned<DetectState> | undefined>;
  save(state: DetectState, previous: number): Promise<number>;
  /** Things whose state may change only because time passes, oldest first, at most `limit`. */
  listDue(now: number, limit: number): Promise<ThingKey[]>;
}

/** Agents that are silent, and what was announced about them. */
export interface SilenceStore {
  load(): Promise<Versioned<FleetSilence> | undefined>;
  save(value: FleetSilence, previous: number): Promise<number>;
  listSilent(): Promise<ThingKey[]>;
  /** Whether a containment holds the thing. */
  isHeld(thingName: ThingKey): Promise<boolean>;
}

/** Values kept for charts. */
export interface Datapoints {
  /** Keeps values for 14 days, idempotent by metric and time. */
  append(thingName: ThingKey, datapoints: readonly Datapoint[]): Promise<void>;
}

/** How the values of the fleet are distributed, by metric and window of time. */
export interface Fleet {
  /** Counts a thing in. */
  add(thingName: ThingKey, contribution: Contribution): Promise<void>;
  /** May be a minute old. */
  read(metric: string, durationSeconds: number, window: number): Promise<Distribution>;
}

/** What each audit announced last. */
export interface AuditMemory {
  load(about: AuditCheck): Promise<Versioned<AuditState> | undefined>;
  save(about: AuditCheck, state: AuditState, previous: number): Promise<number>;
  /** The last announcement of findings that are of no thing; empty before. */
  loadTold(): Promise<Versioned<string> | undefined>;
  saveTold(text: string, previous: number): Promise<number>;
}

/** Which storm a case is in. */
export interface JoinStorm {
  /** The id of the storm of a behavior that a new case is in, idempotent; undefined if it has a message of its own. */
  join(
    behavior: string,
    opened: { readonly thingName: ThingKey; readonly caseId: string; readonly at: number },
  ): Promise<string | undefined>;
  /** Whether the storm's message still covers its cases. */
  covers(storm: { readonly behavior: string; readonly id: string }): Promise<boolean>;
}

/** Messages that were begun and never done: what ended the function is among them. */
export interface UnfinishedMessages {
  /** How many of a sender. */
  count(sender: string): Promise<number>;
  begin(sender: string, messageId: string, now: number): Promise<void>;
  end(sender: string, messageId: string, now: number): Promise<void>;
}

/** Certificates that flood, and what was announced about them. */
export interface Floods {
  /** What to announce about a flood now, recorded as announced. Throws if too many reserve at once. */
  reserveNotice(flood: Flood, now: number): Promise<ReturnType<typeof noteFlood>>;
  /** Lists those of the last hour, oldest first. */
  list(now: number): Promise<ToldFlood[]>;
}
