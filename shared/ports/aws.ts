import type { AuditCheck } from '../domain/configuration/audit-checks';
import type { Command, HeartbeatCommand } from '../domain/decide/command';
import type { AuditedResource } from '../domain/findings/audit';
import type { Violation } from '../domain/findings/violation';
import type { KillSwitch } from '../domain/guards/kill-switch';
import type { Announcement } from '../domain/messages/announcement-schema';

/** What the rules need of AWS. A file under shared/aws/ implements each. */

/** The state of the kill switch now, or some seconds ago. Never fails: a switch that can't be read is `unknown`. */
export type KillSwitchReader = () => Promise<KillSwitch>;

interface CountedPage {
  readonly things: number;
  /** Absent on the last page. */
  readonly next?: string;
}

/** The IoT registry and policies. Every call throws the SDK's error; `isRefusal` picks out the final ones. */
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
  /** Counts the registry's things page by page within the quota, from an earlier `next` or from the first. */
  count(from?: string): AsyncIterable<CountedPage>;
  /**
   * The decision for an application publish by this client, or by one without a client id as over HTTPS: ALLOWED,
   * EXPLICIT_DENY or IMPLICIT_DENY; undefined if AWS names none. `policyToAdd` counts as if it were attached.
   */
  testPublish(
    principalArn: string,
    clientId: string | undefined,
    topic: string,
    policyToAdd?: string,
  ): Promise<string | undefined>;
  /** The policies that apply to a certificate, and those of a thing's groups too if the thing is named. */
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
  /** QUEUED, IN_PROGRESS, SUCCEEDED, ...; undefined if there is none. */
  readStatus(jobId: string, thingName: string): Promise<string | undefined>;
  cancel(jobId: string): Promise<void>;
}

/** Device Defender Detect, if the account has it. */
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
  /** The findings of one check of a finished audit, without suppressed ones, page by page. */
  listFindings(taskId: string, check: AuditCheck): AsyncIterable<AuditedResource>;
  /** Empty if the object has been deleted since. */
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

interface DefenderTask {
  readonly status: string;
  readonly executed: number;
  readonly failed: number;
}

/** The data plane: live sessions. */
export interface Connections {
  /** Ends a session without its will; false if there was none. */
  cut(clientId: string): Promise<boolean>;
  /** When the live session began, epoch ms; undefined if there is none. */
  connectedSince(clientId: string): Promise<number | undefined>;
  /** At QoS 1; `retain` keeps the message for later subscribers. */
  publish(topic: string, payload: string | Uint8Array, options?: { readonly retain: boolean }): Promise<void>;
}

export interface CommandQueue {
  /** Sends a command to its thing's group; the same `id` within five minutes counts once. */
  send(command: Command | HeartbeatCommand, id: string): Promise<void>;
}

export interface Announcer {
  publish(announcement: Announcement): Promise<void>;
}

export interface AlertTopic {
  publish(alert: string): Promise<void>;
}

/** People who run Cordon, whom the alarms notify as well. */
export interface Operations {
  notify(subject: string, text: string): Promise<void>;
}

export interface DeadLetters {
  /** Sets aside a message nobody can handle, with the reason. */
  send(body: string, reason: string, source: string): Promise<void>;
}

/** The queue that a function's messages come from. */
export interface SourceQueue {
  /** Removes a handled message from the queue, even if the rest of its batch fails later. */
  remove(receiptHandle: string): Promise<void>;
}
