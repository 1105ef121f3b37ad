import type { AwsIdentity, LocalLog, PolicyDocument } from '../../types';
import type {
  AuditConfiguration,
  AuditFinding,
  CustomMetric,
  MitigationAction,
  MitigationExecution,
  MitigationTask,
  ScheduledAudit,
  SecurityProfile,
  Verification,
  Violation,
  ViolationEvent,
} from './defender-state';
import type { Detachments } from './detachments';
import type { Job, JobExecution } from './job-state';
import type { IotArns } from './names';

export interface Thing {
  readonly thingName: string;
  readonly thingId: string;
  readonly thingArn: string;
  readonly thingTypeName?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly version: number;
}

export interface ThingGroup {
  readonly groupName: string;
  readonly groupId: string;
  readonly groupArn: string;
  readonly parentGroupName?: string;
  readonly description?: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly version: number;
  readonly createdAt: number;
}

export type CertificateStatus = 'ACTIVE' | 'INACTIVE' | 'REVOKED' | 'PENDING_TRANSFER' | 'PENDING_ACTIVATION';

export interface Certificate {
  /** SHA-256 of the DER form, lower-case hex: what the broker computes from a client certificate. */
  readonly certificateId: string;
  readonly arn: string;
  readonly status: CertificateStatus;
  readonly pem: string;
  readonly mode: 'DEFAULT' | 'SNI_ONLY';
  readonly notBeforeAt: number;
  readonly notAfterAt: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly customerVersion: number;
}

export type ThingPrincipalType = 'EXCLUSIVE_THING' | 'NON_EXCLUSIVE_THING';

export interface PolicyVersion {
  readonly versionId: string;
  /** The text as it was sent; AWS returns it unchanged. */
  readonly text: string;
  readonly document: PolicyDocument;
  readonly createdAt: number;
}

export interface Policy {
  readonly policyName: string;
  readonly arn: string;
  readonly versions: readonly PolicyVersion[];
  readonly defaultVersionId: string;
  /** Highest version id ever given; ids are not reused. */
  readonly lastVersionId: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly generationId: string;
}

/** One action of a topic rule in the API's spelling, for example `{ sqs: { queueUrl, roleArn } }`. */
export type TopicRuleAction = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export interface TopicRule {
  readonly ruleName: string;
  readonly ruleArn: string;
  readonly sql: string;
  readonly description?: string;
  readonly actions: readonly TopicRuleAction[];
  readonly errorAction?: TopicRuleAction;
  readonly ruleDisabled: boolean;
  readonly awsIotSqlVersion: string;
  readonly createdAt: number;
}

export interface ThingType {
  readonly thingTypeName: string;
  readonly thingTypeId: string;
  readonly thingTypeArn: string;
  readonly description?: string;
  readonly searchableAttributes: readonly string[];
  readonly createdAt: number;
}

/** A template of fleet provisioning. */
export interface ProvisioningTemplate {
  readonly templateName: string;
  readonly arn: string;
  /** The value as it was sent. */
  readonly body: string;
  readonly resources: Readonly<Record<string, { readonly Type?: unknown; readonly Properties?: unknown }>>;
  readonly enabled: boolean;
  /** Function that is asked before anything is made. */
  readonly hookArn?: string;
}

/** A name under which devices get credentials of a role. */
export interface RoleAlias {
  readonly alias: string;
  readonly arn: string;
  readonly roleArn: string;
  readonly credentialDurationSeconds: number;
  readonly createdAt: number;
}

/** Everything the registry holds. Values are replaced, never changed, so a reader keeps a consistent view. */
export interface IotState {
  readonly identity: AwsIdentity;
  readonly arns: IotArns;
  readonly log: LocalLog;
  readonly now: () => number;
  /** Whether the policies of a thing's groups bind its exclusive certificate under any client id; AWS does not say. */
  readonly exclusiveBindsGroups: boolean;
  readonly things: Map<string, Thing>;
  readonly groups: Map<string, ThingGroup>;
  /** Thing name to the names of its groups, in the order joined. */
  readonly memberships: Map<string, Set<string>>;
  readonly certificates: Map<string, Certificate>;
  /** Thing name to its principals (ARN to kind of attachment). */
  readonly principals: Map<string, Map<string, ThingPrincipalType>>;
  readonly policies: Map<string, Policy>;
  /** Target ARN (certificate or group) to the names of its policies. */
  readonly attachments: Map<string, Set<string>>;
  readonly rules: Map<string, TopicRule>;
  readonly customMetrics: Map<string, CustomMetric>;
  readonly securityProfiles: Map<string, SecurityProfile>;
  readonly mitigationActions: Map<string, MitigationAction>;
  readonly thingTypes: Map<string, ThingType>;
  readonly provisioningTemplates: Map<string, ProvisioningTemplate>;
  readonly roleAliases: Map<string, RoleAlias>;
  /** All violations by id, ended ones too. */
  readonly violations: Map<string, Violation>;
  readonly violationEvents: ViolationEvent[];
  /** Violations by id. */
  readonly verifications: Map<string, Verification>;
  readonly auditFindings: AuditFinding[];
  /** The one key is the account. */
  readonly auditConfiguration: Map<'account', AuditConfiguration>;
  readonly scheduledAudits: Map<string, ScheduledAudit>;
  readonly mitigationTasks: Map<string, MitigationTask>;
  readonly mitigationExecutions: MitigationExecution[];
  readonly jobs: Map<string, Job>;
  /** Job id to its executions by thing name. */
  readonly jobExecutions: Map<string, Map<string, JobExecution>>;
  readonly tags: Map<string, Map<string, string>>;
  /** Objects that were detached recently: AWS does not delete them yet. */
  readonly detachments: Detachments;
  /** Counts the change and notifies the listeners. */
  changed(): void;
}
