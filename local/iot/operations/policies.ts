import * as z from 'zod/mini';
import { requireName } from '../names';
import { findPolicy, findVersion } from '../policies';
import type { IotRegistry } from '../registry';
import type { Policy } from '../state';
import { saveTags } from '../tags';
import {
  creationKey,
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  Tags,
  toSeconds,
} from './route';

const CreatePolicy = z.object({ policyDocument: z.string(), tags: z.exactOptional(Tags) });
const CreateVersion = z.object({ policyDocument: z.string() });

export function readPolicyName(call: IotCall): string {
  return requireName('policyName', call.params.policyName);
}

function readVersionId(call: IotCall): string {
  return requireName('policyVersionId', call.params.policyVersionId);
}

export function toNameAndArn({ policyName, arn }: Policy) {
  return { policyName, policyArn: arn };
}

function createPolicy(registry: IotRegistry, call: IotCall) {
  const { policyDocument, tags } = readBody(CreatePolicy, call);
  const policy = registry.policies.create(readPolicyName(call), policyDocument);
  saveTags(registry.state, policy.arn, tags);
  return { ...toNameAndArn(policy), policyDocument, policyVersionId: policy.defaultVersionId };
}

function describePolicy(policy: Policy) {
  return {
    ...toNameAndArn(policy),
    policyDocument: findVersion(policy, policy.defaultVersionId).text,
    defaultVersionId: policy.defaultVersionId,
    creationDate: toSeconds(policy.createdAt),
    lastModifiedDate: toSeconds(policy.modifiedAt),
    generationId: policy.generationId,
  };
}

function describeVersion(policy: Policy, versionId: string) {
  const version = findVersion(policy, versionId);
  return {
    ...toNameAndArn(policy),
    policyDocument: version.text,
    policyVersionId: version.versionId,
    isDefaultVersion: version.versionId === policy.defaultVersionId,
    creationDate: toSeconds(version.createdAt),
    lastModifiedDate: toSeconds(version.createdAt),
    generationId: policy.generationId,
  };
}

function createVersion(registry: IotRegistry, call: IotCall) {
  const policyName = readPolicyName(call);
  const { policyDocument } = readBody(CreateVersion, call);
  const isDefaultVersion = readFlag(call, 'setAsDefault', false);
  const { versionId } = registry.policies.createVersion(policyName, policyDocument, isDefaultVersion);
  const policyArn = registry.state.arns.build('policy', policyName);
  return { policyArn, policyDocument, policyVersionId: versionId, isDefaultVersion };
}

function listVersions(policy: Policy) {
  return {
    policyVersions: policy.versions.map(({ versionId, createdAt }) => ({
      versionId,
      isDefaultVersion: versionId === policy.defaultVersionId,
      createDate: toSeconds(createdAt),
    })),
  };
}

function listPolicies(registry: IotRegistry, call: IotCall) {
  const page = paginate(
    call,
    'marker',
    [...registry.state.policies.values()],
    ({ createdAt, policyName }) => creationKey(createdAt, policyName),
    !readFlag(call, 'ascendingOrder', false),
  );
  return { policies: page.items.map(toNameAndArn), ...page.next };
}

type Resources = (call: IotCall) => readonly string[];

function versionRoutes(registry: IotRegistry, resources: Resources): readonly IotRoute[] {
  const path = '/policies/{policyName}/version/{policyVersionId}';
  return [
    {
      operation: 'GetPolicyVersion',
      method: 'GET',
      path,
      resources,
      run: (call) => describeVersion(findPolicy(registry.state, readPolicyName(call)), readVersionId(call)),
    },
    {
      operation: 'SetDefaultPolicyVersion',
      method: 'PATCH',
      path,
      resources,
      run: (call) => registry.policies.setDefaultVersion(readPolicyName(call), readVersionId(call)),
    },
    {
      operation: 'DeletePolicyVersion',
      method: 'DELETE',
      path,
      resources,
      run: (call) => registry.policies.deleteVersion(readPolicyName(call), readVersionId(call)),
    },
    {
      operation: 'CreatePolicyVersion',
      method: 'POST',
      path: '/policies/{policyName}/version',
      resources,
      run: (call) => createVersion(registry, call),
    },
    {
      operation: 'ListPolicyVersions',
      method: 'GET',
      path: '/policies/{policyName}/version',
      resources,
      run: (call) => listVersions(findPolicy(registry.state, readPolicyName(call))),
    },
  ];
}

export function policyRoutes(registry: IotRegistry): readonly IotRoute[] {
  const path = '/policies/{policyName}';
  const resources: Resources = (call) => [registry.state.arns.build('policy', readParam(call, 'policyName'))];
  return [
    {
      operation: 'CreatePolicy',
      method: 'POST',
      path,
      resources,
      run: (call) => createPolicy(registry, call),
    },
    {
      operation: 'GetPolicy',
      method: 'GET',
      path,
      resources,
      run: (call) => describePolicy(findPolicy(registry.state, readPolicyName(call))),
    },
    {
      operation: 'DeletePolicy',
      method: 'DELETE',
      path,
      resources,
      run: (call) => registry.policies.delete(readPolicyName(call)),
    },
    {
      operation: 'ListPolicies',
      method: 'GET',
      path: '/policies',
      run: (call) => listPolicies(registry, call),
    },
    ...versionRoutes(registry, resources),
  ];
}
