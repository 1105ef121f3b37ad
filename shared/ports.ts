import type { Lease } from './domain/actions/lease';
import type { Case, ClosedCase } from './domain/case/case';
import type { ClientConnect, ClientUser, KnownClientIds } from './domain/case/client-ids';
import type { Refusal } from './domain/case/reasons';
import type { Command, HeartbeatCommand } from './domain/decide/command';
import type { Flood, noteFlood, ToldFlood } from './domain/detection/floods';
import type { Distribution } from './domain/detection/percentiles';
import type { FleetSilence } from './domain/detection/silence-notices';
import type { Contribution, Datapoint, DetectState } from './domain/detection/state';
import type { AuditedResource, AuditState } from './domain/findings/audit';
import type { AuditCheck } from './domain/findings/audit-checks';
import type { Violation } from './domain/findings/violation';
import type { KillSwitch } from './domain/guards/kill-switch';
import type { Heartbeat } from './domain/heartbeat';
import type { Announcement } from './domain/messages/announcement-schema';
import type { ThingKey } from './domain/thing-ref';

/** What the rules need from outside. One file under shared/aws/ implements each. */

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
  /** Things whose containment was tried in vain, or is lost, and is due to be tried again, oldest first, at most `limit`. */
  listRetries(now: number, limit: number): Promise<ThingKey[]>;
  /** Things whose denial stands and is due to be verified again, oldest first, at most `limit`. */
  listRoutine(now: number, limit: number): Promise<ThingKey[]>;
}

/** Places in the fleet limit's sliding window, and the notices about it. */
export interface FleetLimit {
  /** Takes a place for a thing; false where none is left. A thing has one, however often. */
  reserve(reservation: Reservation): Promise<boolean>;
  /**
   * Whether this case announces the fleet limit, or the rejection of what waited for it without a message of its own,
   * once in its window. Idempotent by case.
   */
  claimNotice(claim: FleetNotice): Promise<boolean>;
  /** How many places are taken in the window that ends now. */
  countUsed(now: number, windowMs: number): Promise<number>;
  /** How many things the registry has, as counted last. */
  readSize(): Promise<FleetSize | undefined>;
  saveSize(size: FleetSize): Promise<void>;
}

/** Why commands were refused, for whoever sent them. */
export interface Refusals {
  /** Kept for a day. Idempotent. */
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
  /** Makes the detector raise again what is out of bounds; `heldUntil`: earlier measurements of the device are old. */
  reset(thingName: ThingKey, now: number, heldUntil?: number): Promise<void>;
}

/** Which things hold an object that they share, so that the last of them restores it. */
export interface Leases {
  /** Holders whose case no longer holds the object are left out. */
  load(object: Lease['object']): Promise<Versioned<Lease> | undefined>;
  /** Throws VersionConflictError as the case store does. */
  save(lease: Lease, previous: number): Promise<number>;
  remove(object: Lease['object'], previous: number): Promise<void>;
}

export interface HeldThings {
  /**
   * Names of the held things that a session may be of: the one that the client id names, the one that its certificate
   * serves exclusively, and those that hold its certificate denied, since a device may connect under other ids. One read
   * where nothing is held.
   */
  find(clientId: string, certificateId: string | undefined, exclusiveThing?: string): Promise<ThingKey[]>;
}

/** Client ids that certificates connect under, as far as AWS IoT tells: of ids with `+` or `#` it tells nothing. */
export interface ClientIds {
  list(certificateId: string): Promise<KnownClientIds>;
  /** Who connected under the id last; undefined where no connect is known. */
  findUser(clientId: string): Promise<ClientUser | undefined>;
  /** Notes a connect. One read where it is no news. */
  recordConnect(clientId: string, connect: ClientConnect): Promise<void>;
}

export interface FleetSize {
  /** As counted last, to the end; absent before. */
  readonly things?: number;
  /** Epoch ms. */
  readonly countedAt?: number;
  /** A count that is under way: things so far, and where it goes on. */
  readonly counting?: { readonly things: number; readonly next: string };
}

interface RefusedCommand {
  readonly thingName: ThingKey;
  readonly requestId: string;
  readonly refusal: Refusal;
  readonly now: number;
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
  /** Things of which time alone may change something, oldest first, at most `limit`. */
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

/** What the kill switch says now, or said some seconds ago. Never fails: what can't be read is `unknown`. */
export type KillSwitchReader = () => Promise<KillSwitch>;

interface CountedPage {
  readonly things: number;
  /** Absent on the last page. */
  readonly next?: string;
}

/** The IoT registry and policies. Every call throws the SDK's error; `isRefusal` tells final ones apart. */
export interface Things {
  describe(
    thingName: string,
  ): Promise<{ attributes: Record<string, string>; thingTypeName?: string } | undefined>;
  listGroups(thingName: string): Promise<string[]>;
  listPrincipals(thingName: string): Promise<string[]>;
  listPolicies(principalArn: string): Promise<string[]>;
  /** The document of a policy's default version; may be a minute old, since many things share one. */
  readPolicy(policyName: string): Promise<string>;
  listThingsOfPrincipal(principalArn: string): Promise<string[]>;
  addToGroup(thingName: string, thingGroup: string): Promise<void>;
  removeFromGroup(thingName: string, thingGroup: string): Promise<void>;
  /** Counts the registry's things page by page within the quota, from a `next` of before or from the first. */
  count(from?: string): AsyncIterable<CountedPage>;
  /**
   * The decision for an application publish by this client, or by one without a client id as over HTTPS: ALLOWED,
   * EXPLICIT_DENY or IMPLICIT_DENY; undefined where AWS names none. `policyToAdd` counts as if it were attached.
   */
  testPublish(
    principalArn: string,
    clientId: string | undefined,
    topic: string,
    policyToAdd?: string,
  ): Promise<string | undefined>;
  /** The policies that apply to a certificate, and those of a thing's groups too where the thing is named. */
  listEffectivePolicies(principalArn: string, thingName?: string): Promise<EffectivePolicy[]>;
}

export interface EffectivePolicy {
  readonly policyName: string;
  readonly document: string;
}

export interface Policies {
  attach(policyName: string, target: string): Promise<void>;
  detach(policyName: string, target: string): Promise<void>;
  listVersions(policyName: string): Promise<{ versionId: string; isDefault: boolean }[]>;
  readVersion(policyName: string, versionId: string): Promise<string>;
  createVersion(policyName: string, document: string, setAsDefault: boolean): Promise<string>;
  setDefaultVersion(policyName: string, versionId: string): Promise<void>;
  deleteVersion(policyName: string, versionId: string): Promise<void>;
  /** ARNs of the certificates and thing groups that hold the policy. */
  listTargets(policyName: string): Promise<string[]>;
}

export interface Certificates {
  /** ACTIVE, INACTIVE, REVOKED, ... */
  readStatus(certificateId: string): Promise<string>;
  /** The status, and when the certificate was changed last, epoch ms. */
  read(certificateId: string): Promise<{ readonly status: string; readonly modifiedAt?: number | undefined }>;
  setStatus(certificateId: string, status: 'ACTIVE' | 'INACTIVE'): Promise<void>;
}

/** Jobs of AWS IoT: what a device can be asked to do. */
export interface Jobs {
  /** Creates the job, or finds it there. */
  create(jobId: string, thingName: string, document: string): Promise<void>;
  /** QUEUED, IN_PROGRESS, SUCCEEDED, ...; undefined where there is none. */
  readStatus(jobId: string, thingName: string): Promise<string | undefined>;
  cancel(jobId: string): Promise<void>;
}

/** Device Defender Detect, where the account has it. */
export interface Defender {
  /** Starts a mitigation task under an id of ours; the same id again is the same task. */
  startTask(taskId: string, violationIds: readonly string[]): Promise<void>;
  describeTask(taskId: string): Promise<DefenderTask>;
  markFalsePositive(violationId: string): Promise<void>;
  /** Violations that are in alarm now, page by page within the quota of ten calls a second. */
  listActive(): AsyncIterable<Violation>;
}

/** Device Defender Audit, and what its findings are about. */
export interface Audits {
  /** What a check of a finished audit found, without what is suppressed, page by page. */
  listFindings(taskId: string, check: AuditCheck): AsyncIterable<AuditedResource>;
  /** None for what is deleted since. */
  listThingsOfCertificate(certificateId: string): Promise<FirstPage>;
  listThingsOfGroup(thingGroup: string): Promise<FirstPage>;
  /** Ids of the device certificates that a CA signed. */
  listCertificatesOfCa(caCertificateId: string): Promise<FirstPage>;
  /** ARNs of certificates and thing groups that hold the policy. */
  listTargets(policyName: string): Promise<FirstPage>;
}

export interface FirstPage {
  readonly items: readonly string[];
  readonly hasMore: boolean;
}

/** What every audit told last. */
export interface AuditMemory {
  load(about: AuditCheck): Promise<Versioned<AuditState> | undefined>;
  save(about: AuditCheck, state: AuditState, previous: number): Promise<number>;
  /** What people were told last of findings that are of no thing; empty before. */
  loadTold(): Promise<Versioned<string> | undefined>;
  saveTold(text: string, previous: number): Promise<number>;
}

interface DefenderTask {
  readonly status: string;
  readonly executed: number;
  readonly failed: number;
}

/** The data plane: live sessions. */
export interface Connections {
  /** Ends a session without its will; false where there was none. */
  cut(clientId: string): Promise<boolean>;
  /** When the live session began, epoch ms; undefined where there is none. */
  connectedSince(clientId: string): Promise<number | undefined>;
  /** At QoS 1; `retain` keeps it for whoever subscribes later. */
  publish(topic: string, payload: string | Uint8Array, options?: { readonly retain: boolean }): Promise<void>;
}

export interface CommandQueue {
  /** Sends a command to its thing's group; the same `id` within five minutes counts once. */
  send(command: Command | HeartbeatCommand, id: string): Promise<void>;
}

export interface Announcer {
  publish(announcement: Announcement): Promise<void>;
}

/** Which storm a case is in. */
export interface JoinStorm {
  /** The id of the storm of a behavior that a new case is in, idempotent; undefined if it is to be told by itself. */
  join(
    behavior: string,
    opened: { readonly thingName: ThingKey; readonly caseId: string; readonly at: number },
  ): Promise<string | undefined>;
  /** Whether the storm's message still covers its cases. */
  covers(storm: { readonly behavior: string; readonly id: string }): Promise<boolean>;
}

export interface AlertTopic {
  publish(alert: string): Promise<void>;
}

/** Messages that were begun and never done: what ended the function is among them. */
export interface Suspects {
  /** How many of a sender. */
  count(sender: string): Promise<number>;
  begin(sender: string, messageId: string, now: number): Promise<void>;
  end(sender: string, messageId: string, now: number): Promise<void>;
}

/** Certificates that flood, and what was announced about them. */
export interface Floods {
  /** What to announce about a flood now, recorded as announced. Throws where too many claim at once. */
  claim(flood: Flood, now: number): Promise<ReturnType<typeof noteFlood>>;
  /** Of the last hour, oldest first. */
  list(now: number): Promise<ToldFlood[]>;
}

/** People who run Cordon: what alarms tell as well. */
export interface Operations {
  notify(subject: string, text: string): Promise<void>;
}

export interface DeadLetters {
  /** Sets aside a message nobody can handle, with the reason. */
  send(body: string, reason: string, source: string): Promise<void>;
}

/** The queue that a function's messages come from. */
export interface SourceQueue {
  /** Takes a message that is done off the queue, whatever becomes of the rest of its batch. */
  remove(receiptHandle: string): Promise<void>;
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  error(message: string, fields?: Record<string, unknown>): void;
}

/** Counts for CloudWatch; the unit is in the name (`...Ms`), else it is a count. */
export interface Metrics {
  count(name: string, value?: number): void;
  time(name: string, ms: number): void;
}

export type Clock = () => number;
