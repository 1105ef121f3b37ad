import type { Certificates, Defender, Jobs, Policies } from '../shared/ports/aws';
import { awsError } from './aws-error';

/** In-memory policies, certificates, jobs and Device Defender that answer as AWS does. */

interface StoredPolicy {
  readonly versions: Map<string, string>;
  defaultVersionId: string;
  lastVersion: number;
  readonly targets: Set<string>;
}

export function fakePolicies() {
  const stored = new Map<string, StoredPolicy>();
  const find = (policyName: string) => {
    const policy = stored.get(policyName);
    if (!policy) throw awsError('ResourceNotFoundException');
    return policy;
  };
  const policies: Policies = {
    attach: async (policyName, target) => void find(policyName).targets.add(target),
    // DetachPolicy knows no ResourceNotFoundException.
    detach: async (policyName, target) => void stored.get(policyName)?.targets.delete(target),
    listVersions: async (policyName) => {
      const { versions, defaultVersionId } = find(policyName);
      return [...versions.keys()].map((versionId) => ({
        versionId,
        isDefault: versionId === defaultVersionId,
      }));
    },
    readVersion: async (policyName, versionId) => {
      const document = find(policyName).versions.get(versionId);
      if (document === undefined) throw awsError('ResourceNotFoundException');
      return document;
    },
    createVersion: async (policyName, document, setAsDefault) => {
      const policy = find(policyName);
      if (policy.versions.size >= 5) throw awsError('VersionsLimitExceededException');
      policy.lastVersion += 1;
      const versionId = String(policy.lastVersion);
      policy.versions.set(versionId, document);
      if (setAsDefault) policy.defaultVersionId = versionId;
      return versionId;
    },
    setDefaultVersion: async (policyName, versionId) => {
      const policy = find(policyName);
      if (!policy.versions.has(versionId)) throw awsError('ResourceNotFoundException');
      policy.defaultVersionId = versionId;
    },
    deleteVersion: async (policyName, versionId) => {
      const policy = find(policyName);
      if (versionId === policy.defaultVersionId) throw awsError('DeleteConflictException');
      if (!policy.versions.delete(versionId)) throw awsError('ResourceNotFoundException');
    },
    listTargets: async (policyName) => [...find(policyName).targets],
  };
  /** Stores a policy whose versions are numbered from 1, the newest being the default. */
  function create(
    policyName: string,
    documents: readonly string[],
    targets: readonly string[] = [],
  ): StoredPolicy {
    const policy: StoredPolicy = {
      versions: new Map(documents.map((document, index) => [String(index + 1), document])),
      defaultVersionId: String(documents.length),
      lastVersion: documents.length,
      targets: new Set(targets),
    };
    stored.set(policyName, policy);
    return policy;
  }
  return { policies, create, stored };
}

export function fakeCertificates() {
  const statuses = new Map<string, string>();
  /** The time when somebody else changed a certificate, by its id. */
  const modified = new Map<string, number>();
  const readStatus = async (certificateId: string) => {
    const status = statuses.get(certificateId);
    if (status === undefined) throw awsError('ResourceNotFoundException');
    return status;
  };
  const certificates: Certificates = {
    readStatus,
    read: async (certificateId) => ({
      status: await readStatus(certificateId),
      modifiedAt: modified.get(certificateId),
    }),
    setStatus: async (certificateId, status) => {
      if (!statuses.has(certificateId)) throw awsError('ResourceNotFoundException');
      statuses.set(certificateId, status);
    },
  };
  return { certificates, statuses, modified };
}

export function fakeJobs() {
  const statuses = new Map<string, string>();
  const targets = new Map<string, string>();
  const jobs: Jobs = {
    create: async (jobId, thingName) => {
      if (statuses.has(jobId)) return;
      statuses.set(jobId, 'QUEUED');
      targets.set(jobId, thingName);
    },
    // A job that a test put there by its status alone is any thing's.
    readStatus: async (jobId, thingName) =>
      (targets.get(jobId) ?? thingName) === thingName ? statuses.get(jobId) : undefined,
    cancel: async (jobId) => {
      const status = statuses.get(jobId);
      if (status === undefined) throw awsError('ResourceNotFoundException');
      if (status !== 'QUEUED' && status !== 'IN_PROGRESS') throw awsError('InvalidRequestException');
      statuses.set(jobId, 'CANCELED');
    },
  };
  return { jobs, statuses };
}

export function fakeDefender() {
  const tasks = new Map<string, readonly string[]>();
  const falsePositives: string[] = [];
  const defender: Defender = {
    startTask: async (taskId, violationIds) => void tasks.set(taskId, violationIds),
    describeTask: async (taskId) => ({
      status: 'SUCCESSFUL',
      executed: tasks.get(taskId)?.length ?? 0,
      failed: 0,
    }),
    listActive: async function* () {},
    markFalsePositive: async (violationId) => void falsePositives.push(violationId),
  };
  return { defender, tasks, falsePositives };
}

/** Ports of the other actions, for a test that uses none of them. */
export function idleActions() {
  const { policies } = fakePolicies();
  const { certificates, statuses } = fakeCertificates();
  for (const id of ['a'.repeat(64), 'f'.repeat(10)]) statuses.set(id, 'ACTIVE');
  const { jobs } = fakeJobs();
  const { defender } = fakeDefender();
  return {
    policies,
    certificates,
    jobs,
    defender,
    touched: 'maybe' as const,
    jobDocument: '{}',
    denyPolicyName: 'cordon-quarantine',
    denyDocument: '{"deny":true}',
    ownCertificates: [],
    heldCertificates: [],
    knownIds: { list: async () => ({ clientIds: [] }), findUser: async () => undefined },
    deniedCertificates: [],
    temporarilyInactive: [],
  };
}
