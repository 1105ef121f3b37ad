import { randomUUID } from 'node:crypto';
import { findCertificate } from './certificates';
import { alreadyExists, IotServiceError, invalid, notFound } from './errors';
import { findGroup } from './groups';
import { requireName } from './names';
import { parsePolicyDocument } from './policy-document';
import type { IotState, Policy, PolicyVersion } from './state';

const MAX_VERSIONS = 5;
/** IoT Core quotas: policies a certificate may hold; the guide allows two on a thing group. */
const MAX_POLICIES_PER_CERTIFICATE = 10;
const MAX_POLICIES_PER_GROUP = 2;

export interface PolicyStore {
  create(policyName: string, text: string): Policy;
  delete(policyName: string): void;
  createVersion(policyName: string, text: string, setAsDefault?: boolean): PolicyVersion;
  setDefaultVersion(policyName: string, versionId: string): void;
  deleteVersion(policyName: string, versionId: string): void;
  /** `target`: ARN of a certificate or of a static thing group. */
  attach(policyName: string, target: string): void;
  detach(policyName: string, target: string): void;
}

export function findPolicy(state: IotState, policyName: string): Policy {
  const policy = state.policies.get(policyName);
  if (!policy) throw notFound(`Policy not found (name: ${policyName})`);
  return policy;
}

export function findVersion(policy: Policy, versionId: string): PolicyVersion {
  const version = policy.versions.find((candidate) => candidate.versionId === versionId);
  if (version) return version;
  throw notFound(`Policy version not found (name: ${policy.policyName}, version: ${versionId})`);
}

function replacePolicy(state: IotState, policy: Policy): void {
  state.policies.set(policy.policyName, { ...policy, modifiedAt: state.now(), generationId: randomUUID() });
  state.changed();
}

function createPolicy(state: IotState, policyName: string, text: string): Policy {
  requireName('policyName', policyName);
  const document = parsePolicyDocument(text);
  const arn = state.arns.build('policy', policyName);
  if (state.policies.has(policyName)) {
    throw alreadyExists(
      `Policy cannot be created - name already exists (name=${policyName})`,
      policyName,
      arn,
    );
  }
  const now = state.now();
  const policy: Policy = {
    policyName,
    arn,
    versions: [{ versionId: '1', text, document, createdAt: now }],
    defaultVersionId: '1',
    lastVersionId: 1,
    createdAt: now,
    modifiedAt: now,
    generationId: randomUUID(),
  };
  state.policies.set(policyName, policy);
  state.changed();
  return policy;
}

/** The ARNs a policy is attached to. */
export function listPolicyTargets(state: IotState, policyName: string): readonly string[] {
  return [...state.attachments].filter(([, names]) => names.has(policyName)).map(([target]) => target);
}

function deletePolicy(state: IotState, policyName: string): void {
  const policy = findPolicy(state, policyName);
  if (listPolicyTargets(state, policyName).length > 0 || state.detachments.holds(policy.arn)) {
    throw new IotServiceError(
      'DeleteConflictException',
      `The policy cannot be deleted as the policy is attached to one or more principals (name=${policyName})`,
    );
  }
  if (policy.versions.length > 1) {
    throw new IotServiceError(
      'DeleteConflictException',
      `Cannot delete the policy because it has one or more policy versions attached to it (name=${policyName})`,
    );
  }
  state.policies.delete(policyName);
  state.changed();
}

function createVersion(
  state: IotState,
  policyName: string,
  text: string,
  setAsDefault: boolean,
): PolicyVersion {
  const policy = findPolicy(state, policyName);
  const document = parsePolicyDocument(text);
  if (policy.versions.length >= MAX_VERSIONS) {
    throw new IotServiceError(
      'VersionsLimitExceededException',
      `The policy ${policyName} already has the maximum number of versions (${MAX_VERSIONS})`,
    );
  }
  const lastVersionId = policy.lastVersionId + 1;
  const version = { versionId: String(lastVersionId), text, document, createdAt: state.now() };
  replacePolicy(state, {
    ...policy,
    versions: [...policy.versions, version],
    lastVersionId,
    defaultVersionId: setAsDefault ? version.versionId : policy.defaultVersionId,
  });
  return version;
}

function deleteVersion(state: IotState, policyName: string, versionId: string): void {
  const policy = findPolicy(state, policyName);
  const version = findVersion(policy, versionId);
  if (versionId === policy.defaultVersionId) {
    throw new IotServiceError(
      'DeleteConflictException',
      `Cannot delete the default version of a policy (name=${policyName}, version=${versionId})`,
    );
  }
  replacePolicy(state, { ...policy, versions: policy.versions.filter((other) => other !== version) });
}

/** The target as stored, once it is known to exist, with the number of policies it may hold. */
export function requireTarget(state: IotState, target: string): { arn: string; maxPolicies: number } {
  const certificateId = state.arns.idOf('cert', target);
  if (certificateId !== undefined) {
    return { arn: findCertificate(state, certificateId).arn, maxPolicies: MAX_POLICIES_PER_CERTIFICATE };
  }
  const groupName = state.arns.idOf('thinggroup', target);
  if (groupName !== undefined) {
    return { arn: findGroup(state, groupName).groupArn, maxPolicies: MAX_POLICIES_PER_GROUP };
  }
  throw invalid('The target must be the ARN of a certificate or of a thing group.');
}

function attachPolicy(state: IotState, policyName: string, target: string): void {
  findPolicy(state, policyName);
  const { arn, maxPolicies } = requireTarget(state, target);
  const names = state.attachments.get(arn) ?? new Set<string>();
  if (names.has(policyName)) return;
  if (names.size >= maxPolicies) {
    throw new IotServiceError(
      'LimitExceededException',
      `At most ${maxPolicies} policies per target (${arn}).`,
    );
  }
  state.attachments.set(arn, new Set([...names, policyName]));
  state.changed();
}

function detachPolicy(state: IotState, policyName: string, target: string): void {
  // DetachPolicy models no ResourceNotFoundException: what isn't attached is detached already.
  const names = state.attachments.get(target);
  if (!names?.has(policyName)) return;
  state.attachments.set(target, new Set([...names].filter((name) => name !== policyName)));
  state.detachments.note(state.arns.build('policy', policyName));
  state.changed();
}

export function createPolicyStore(state: IotState): PolicyStore {
  return {
    create: (policyName, text) => createPolicy(state, policyName, text),
    delete: (policyName) => deletePolicy(state, policyName),
    createVersion: (policyName, text, setAsDefault = false) =>
      createVersion(state, policyName, text, setAsDefault),
    setDefaultVersion(policyName, versionId) {
      const policy = findPolicy(state, policyName);
      findVersion(policy, versionId);
      if (policy.defaultVersionId !== versionId)
        replacePolicy(state, { ...policy, defaultVersionId: versionId });
    },
    deleteVersion: (policyName, versionId) => deleteVersion(state, policyName, versionId),
    attach: (policyName, target) => attachPolicy(state, policyName, target),
    detach: (policyName, target) => detachPolicy(state, policyName, target),
  };
}
