import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreateKeysAndCertificateCommand,
  CreatePolicyCommand,
  CreateThingCommand,
  CreateThingGroupCommand,
  DeleteCertificateCommand,
  DeleteJobCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteThingCommand,
  DeleteThingGroupCommand,
  DetachPolicyCommand,
  DetachThingPrincipalCommand,
  type IoTClient,
  ListPolicyVersionsCommand,
  ListTargetsForPolicyCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { connectJobs } from '../../shared/aws/jobs';
import { connectCertificates, connectPolicies } from '../../shared/aws/policies';
import { connectThings } from '../../shared/aws/things';
import type { Jobs } from '../../shared/ports/aws';
import { aName } from './laws';
import type { Registry } from './registry';

/** The functions that undo each creation, called in reverse. */
export type Undo = (what: string, undo: () => Promise<unknown>) => void;

export async function openRegistry(iot: IoTClient, undo: Undo): Promise<Registry> {
  const arnPrefix = await findArnPrefix(iot, undo);
  return {
    things: connectThings(arnPrefix, iot),
    policies: connectPolicies(iot),
    certificates: connectCertificates(iot),
    jobs: deleteAfterwards(connectJobs(arnPrefix, iot), iot, undo),
    async createThing(thingName, attributes) {
      await createThing(iot, undo, thingName, attributes);
    },
    async createGroup(groupName) {
      await createGroup(iot, undo, groupName);
    },
    async createDenyingGroup() {
      const [groupName, policyName] = [aName('group'), aName('policy')];
      const target = await createGroup(iot, undo, groupName);
      await createPolicy(iot, undo, policyName, writePolicy([['Deny', 'iot:Publish', '*']]));
      await iot.send(new AttachPolicyCommand({ policyName, target }));
      undo('DetachPolicy', () => iot.send(new DetachPolicyCommand({ policyName, target })));
      return groupName;
    },
    createPolicy: (policyName, document) => createPolicy(iot, undo, policyName, document),
    createCertificate: () => createCertificate(iot, undo),
    async attachCertificate(thingName, principal) {
      await iot.send(new AttachThingPrincipalCommand({ thingName, principal }));
      undo('DetachThingPrincipal', () => iot.send(new DetachThingPrincipalCommand({ thingName, principal })));
    },
    async createDevicePolicy() {
      const policyName = aName('policy');
      const ownClient = `${arnPrefix}:client/\${iot:Connection.Thing.ThingName}`;
      const document = writePolicy([
        ['Allow', 'iot:Connect', ownClient],
        ['Allow', ['iot:Publish', 'iot:Receive'], `${arnPrefix}:topic/app/*`],
        ['Allow', 'iot:Subscribe', `${arnPrefix}:topicfilter/app/*`],
      ]);
      await createPolicy(iot, undo, policyName, document);
      return policyName;
    },
  };
}

function writePolicy(
  statements: readonly (readonly ['Allow' | 'Deny', string | readonly string[], string])[],
): string {
  const Statement = statements.map(([Effect, Action, Resource]) => ({ Effect, Action, Resource }));
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

/** `arn:aws:iot:REGION:ACCOUNT` of the account that the server takes us for. */
async function findArnPrefix(iot: IoTClient, undo: Undo): Promise<string> {
  const thingArn = await createThing(iot, undo, aName('thing'));
  return thingArn.slice(0, thingArn.indexOf(':thing/'));
}

async function createThing(
  iot: IoTClient,
  undo: Undo,
  thingName: string,
  attributes?: Readonly<Record<string, string>>,
): Promise<string> {
  const { thingArn = '' } = await iot.send(
    new CreateThingCommand({ thingName, ...(attributes && { attributePayload: { attributes } }) }),
  );
  undo('DeleteThing', () => iot.send(new DeleteThingCommand({ thingName })));
  return thingArn;
}

async function createGroup(iot: IoTClient, undo: Undo, thingGroupName: string): Promise<string> {
  const { thingGroupArn = '' } = await iot.send(new CreateThingGroupCommand({ thingGroupName }));
  undo('DeleteThingGroup', () => iot.send(new DeleteThingGroupCommand({ thingGroupName })));
  return thingGroupArn;
}

async function createPolicy(
  iot: IoTClient,
  undo: Undo,
  policyName: string,
  policyDocument: string,
): Promise<void> {
  await iot.send(new CreatePolicyCommand({ policyName, policyDocument }));
  undo('DeletePolicy', async () => {
    const { targets = [] } = await iot.send(new ListTargetsForPolicyCommand({ policyName }));
    for (const target of targets) await iot.send(new DetachPolicyCommand({ policyName, target }));
    const { policyVersions = [] } = await iot.send(new ListPolicyVersionsCommand({ policyName }));
    for (const { versionId, isDefaultVersion } of policyVersions)
      if (!isDefaultVersion)
        await iot.send(new DeletePolicyVersionCommand({ policyName, policyVersionId: versionId }));
    await iot.send(new DeletePolicyCommand({ policyName }));
  });
}

async function createCertificate(iot: IoTClient, undo: Undo) {
  const { certificateId: id = '', certificateArn: arn = '' } = await iot.send(
    new CreateKeysAndCertificateCommand({ setAsActive: true }),
  );
  undo('DeleteCertificate', async () => {
    await iot.send(new UpdateCertificateCommand({ certificateId: id, newStatus: 'INACTIVE' }));
    await iot.send(new DeleteCertificateCommand({ certificateId: id, forceDelete: true }));
  });
  return { id, arn };
}

function deleteAfterwards(jobs: Jobs, iot: IoTClient, undo: Undo): Jobs {
  const made = new Set<string>();
  return {
    ...jobs,
    async create(jobId, thingName, document) {
      await jobs.create(jobId, thingName, document);
      if (!made.has(jobId)) undo('DeleteJob', () => iot.send(new DeleteJobCommand({ jobId, force: true })));
      made.add(jobId);
    },
  };
}
