import {
  AttachPolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  DescribeCertificateCommand,
  DetachPolicyCommand,
  GetPolicyVersionCommand,
  type IoTClient,
  ListPolicyVersionsCommand,
  ListTargetsForPolicyCommand,
  SetDefaultPolicyVersionCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { Certificates, Policies } from '../ports/aws';
import { iotClient } from './iot-client';

export function connectPolicies(client: IoTClient = iotClient()): Policies {
  return {
    async attach(policyName, target) {
      await client.send(new AttachPolicyCommand({ policyName, target }));
    },

    async detach(policyName, target) {
      await client.send(new DetachPolicyCommand({ policyName, target }));
    },

    async listVersions(policyName) {
      const { policyVersions } = await client.send(new ListPolicyVersionsCommand({ policyName }));
      return (policyVersions ?? []).flatMap(({ versionId, isDefaultVersion }) =>
        versionId === undefined ? [] : [{ versionId, isDefault: isDefaultVersion === true }],
      );
    },

    async readVersion(policyName, policyVersionId) {
      const { policyDocument } = await client.send(
        new GetPolicyVersionCommand({ policyName, policyVersionId }),
      );
      return policyDocument ?? '';
    },

    async createVersion(policyName, policyDocument, setAsDefault) {
      const { policyVersionId } = await client.send(
        new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault }),
      );
      if (!policyVersionId) throw new Error('AWS IoT returned no policy version');
      return policyVersionId;
    },

    async setDefaultVersion(policyName, policyVersionId) {
      await client.send(new SetDefaultPolicyVersionCommand({ policyName, policyVersionId }));
    },

    async deleteVersion(policyName, policyVersionId) {
      await client.send(new DeletePolicyVersionCommand({ policyName, policyVersionId }));
    },

    async listTargets(policyName) {
      const targets: string[] = [];
      let marker: string | undefined;
      do {
        const page = await client.send(new ListTargetsForPolicyCommand({ policyName, marker }));
        targets.push(...(page.targets ?? []));
        marker = page.nextMarker;
      } while (marker);
      return targets;
    },
  };
}

export function connectCertificates(client: IoTClient = iotClient()): Certificates {
  const read: Certificates['read'] = async (certificateId) => {
    const { certificateDescription } = await client.send(new DescribeCertificateCommand({ certificateId }));
    const { status = 'unknown', lastModifiedDate } = certificateDescription ?? {};
    return { status, modifiedAt: lastModifiedDate?.getTime() };
  };
  return {
    read,
    readStatus: async (certificateId) => (await read(certificateId)).status,

    async setStatus(certificateId, newStatus) {
      await client.send(new UpdateCertificateCommand({ certificateId, newStatus }));
    },
  };
}
