import type { AwsIdentity, LocalLog } from '../../types';
import { type CertificateStore, createCertificateStore } from './certificates';
import { createDefenderStore, type DefenderStore } from './defender';
import { createDetachments } from './detachments';
import { createGroupStore, type GroupStore, listAncestors } from './groups';
import { createJobStore, type JobStore } from './jobs';
import { createMitigationTaskStore, type MitigationTaskStore } from './mitigation-tasks';
import { createArns } from './names';
import { createPolicyStore, type PolicyStore } from './policies';
import { createProvisioningTemplateStore, type ProvisioningTemplateStore } from './provisioning-templates';
import { createRoleAliasStore, type RoleAliasStore } from './role-aliases';
import type {
  Certificate,
  IotState,
  Policy,
  Thing,
  ThingGroup,
  ThingPrincipalType,
  TopicRule,
} from './state';
import { createThingTypeStore, type ThingTypeStore } from './thing-types';
import { createThingStore, type ThingStore } from './things';
import { createTopicRuleStore, type TopicRuleStore } from './topic-rules';

/** `data`: MQTT and, by ALPN, HTTPS on one port; `https`: what only HTTPS serves. */
export type IotEndpoint = 'data' | 'https';

export interface IotRegistryOptions {
  /** Host name (with port, if any) that DescribeEndpoint gives. */
  readonly endpoint: (kind: IotEndpoint) => string;
  /** Throws if the rule engine could not run this rule, which is refused as AWS refuses unreadable SQL. */
  readonly checkTopicRule?: (rule: TopicRule) => void;
  readonly now?: () => number;
  /** By default false, the worse case for a caller that relies on a group's denial. */
  readonly exclusiveBindsGroups?: boolean;
  /** How long AWS IoT refuses to delete a detached object: up to five minutes on AWS, by default no time here. */
  readonly detachSeconds?: number;
  /** Runs a mitigation task that was started; by default on the next turn of the event loop. */
  readonly runTask?: (perform: () => void) => void;
  readonly log: LocalLog;
}

/** Things, groups, certificates, policies and rules of one account, in memory. */
export interface IotRegistry {
  readonly state: IotState;
  readonly endpoint: (kind: IotEndpoint) => string;
  /** Rises with every change. */
  version(): number;
  /** Calls the listener after every change; gives the function that ends it. */
  onChange(listener: () => void): () => void;

  readonly things: ThingStore;
  readonly groups: GroupStore;
  readonly certificates: CertificateStore;
  readonly policies: PolicyStore;
  readonly rules: TopicRuleStore;
  readonly defender: DefenderStore;
  readonly mitigationTasks: MitigationTaskStore;
  readonly jobs: JobStore;
  readonly thingTypes: ThingTypeStore;
  readonly provisioningTemplates: ProvisioningTemplateStore;
  readonly roleAliases: RoleAliasStore;

  thing(thingName: string): Thing | undefined;
  /** `fingerprint`: SHA-256 of the certificate's DER form, hex, with or without colons. */
  certificateByFingerprint(fingerprint: string): Certificate | undefined;
  /** The things a certificate (by ARN) is attached to. */
  thingsOfPrincipal(principalArn: string): readonly { thing: Thing; type: ThingPrincipalType }[];
  /** The groups a thing is in directly. */
  groupsOfThing(thingName: string): readonly ThingGroup[];
  /** The group itself and its ancestors, nearest first; empty for a group that isn't there. */
  lineageOf(groupName: string): readonly ThingGroup[];
  /** The policies attached to a certificate or group, without inherited ones. */
  policiesOfTarget(targetArn: string): readonly Policy[];
  topicRules(): readonly TopicRule[];
}

function createState(identity: AwsIdentity, options: IotRegistryOptions, changed: () => void): IotState {
  return {
    identity,
    arns: createArns(identity),
    log: options.log,
    now: options.now ?? Date.now,
    exclusiveBindsGroups: options.exclusiveBindsGroups ?? false,
    things: new Map(),
    groups: new Map(),
    memberships: new Map(),
    certificates: new Map(),
    principals: new Map(),
    policies: new Map(),
    attachments: new Map(),
    rules: new Map(),
    customMetrics: new Map(),
    securityProfiles: new Map(),
    mitigationActions: new Map(),
    thingTypes: new Map(),
    provisioningTemplates: new Map(),
    roleAliases: new Map(),
    violations: new Map(),
    violationEvents: [],
    verifications: new Map(),
    auditFindings: [],
    auditConfiguration: new Map(),
    scheduledAudits: new Map(),
    mitigationTasks: new Map(),
    mitigationExecutions: [],
    jobs: new Map(),
    jobExecutions: new Map(),
    tags: new Map(),
    detachments: createDetachments(options.now ?? Date.now, options.detachSeconds ?? 0),
    changed,
  };
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}

export function createIotRegistry(identity: AwsIdentity, options: IotRegistryOptions): IotRegistry {
  const listeners = new Set<() => void>();
  let version = 0;
  const state = createState(identity, options, () => {
    version += 1;
    for (const listener of [...listeners]) listener();
  });
  const groups = createGroupStore(state);
  const runTask = options.runTask ?? ((perform) => void setImmediate(perform));
  return {
    state,
    endpoint: options.endpoint,
    version: () => version,
    onChange(listener) {
      // Wrapped, so that a function registered twice is also ended twice.
      const entry = () => listener();
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    things: createThingStore(state),
    groups,
    certificates: createCertificateStore(state),
    policies: createPolicyStore(state),
    rules: createTopicRuleStore(state, options.checkTopicRule),
    defender: createDefenderStore(state),
    mitigationTasks: createMitigationTaskStore(state, groups, runTask),
    jobs: createJobStore(state),
    thingTypes: createThingTypeStore(state),
    provisioningTemplates: createProvisioningTemplateStore(state),
    roleAliases: createRoleAliasStore(state),
    thing: (thingName) => state.things.get(thingName),
    certificateByFingerprint: (fingerprint) =>
      state.certificates.get(fingerprint.replaceAll(':', '').toLowerCase()),
    thingsOfPrincipal: (principalArn) =>
      [...state.principals].flatMap(([thingName, held]) => {
        const thing = state.things.get(thingName);
        const type = held.get(principalArn);
        return thing && type ? [{ thing, type }] : [];
      }),
    groupsOfThing: (thingName) =>
      [...(state.memberships.get(thingName) ?? [])].map((name) => state.groups.get(name)).filter(isDefined),
    lineageOf: (groupName) =>
      [state.groups.get(groupName), ...listAncestors(state, groupName)].filter(isDefined),
    policiesOfTarget: (targetArn) =>
      [...(state.attachments.get(targetArn) ?? [])].map((name) => state.policies.get(name)).filter(isDefined),
    topicRules: () => [...state.rules.values()],
  };
}
