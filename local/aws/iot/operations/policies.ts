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
  routesAt,
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

export function policyRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, policies } = registry;
  const find = (call: IotCall) => findPolicy(state, readPolicyName(call));
  const ofPolicy = (call: IotCall) => [state.arns.build('policy', readParam(call, 'policyName'))];
  const policy = routesAt('/policies/{policyName}', ofPolicy);
  const versions = routesAt('/policies/{policyName}/version', ofPolicy);
  const version = routesAt('/policies/{policyName}/version/{policyVersionId}', ofPolicy);
  return [
    policy('CreatePolicy', 'POST', (call) => createPolicy(registry, call)),
    policy('GetPolicy', 'GET', (call) => describePolicy(find(call))),
    policy('DeletePolicy', 'DELETE', (call) => policies.delete(readPolicyName(call))),
    routesAt('/policies')('ListPolicies', 'GET', (call) => listPolicies(registry, call)),
    versions('CreatePolicyVersion', 'POST', (call) => createVersion(registry, call)),
    versions('ListPolicyVersions', 'GET', (call) => listVersions(find(call))),
    version('GetPolicyVersion', 'GET', (call) => describeVersion(find(call), readVersionId(call))),
    version('SetDefaultPolicyVersion', 'PATCH', (call) =>
      policies.setDefaultVersion(readPolicyName(call), readVersionId(call)),
    ),
    version('DeletePolicyVersion', 'DELETE', (call) =>
      policies.deleteVersion(readPolicyName(call), readVersionId(call)),
    ),
  ];
}
