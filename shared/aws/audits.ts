import {
  type AuditFinding,
  type IoTClient,
  ListAuditFindingsCommand,
  ListCertificatesByCACommand,
  ListPrincipalThingsCommand,
  ListTargetsForPolicyCommand,
  ListThingsInThingGroupCommand,
  type ResourceIdentifier,
} from '@aws-sdk/client-iot';
import type { AuditedResource } from '../domain/findings/audit';
import { clip } from '../domain/text';
import { isNotFound } from '../errors';
import type { Audits, FirstPage } from '../ports/aws';
import { iotClient } from './iot-client';

const none: FirstPage = { items: [], hasMore: false };

/** `arnPrefix`: `arn:aws:iot:REGION:ACCOUNT`. */
export function connectAudits(arnPrefix: string, client: IoTClient = iotClient()): Audits {
  const firstPage = async (read: () => Promise<[string[] | undefined, string | undefined]>) => {
    try {
      const [items = [], next] = await read();
      return { items, hasMore: next !== undefined };
    } catch (error) {
      if (isNotFound(error)) return none;
      throw error;
    }
  };
  return {
    async *listFindings(taskId, checkName) {
      let nextToken: string | undefined;
      do {
        const page = await client.send(
          new ListAuditFindingsCommand({
            taskId,
            checkName,
            listSuppressedFindings: false,
            maxResults: 250,
            nextToken,
          }),
        );
        yield* (page.findings ?? []).filter(({ isSuppressed }) => !isSuppressed).map(toResource);
        nextToken = page.nextToken;
      } while (nextToken);
    },

    listThingsOfCertificate: (certificateId) =>
      firstPage(async () => {
        const principal = `${arnPrefix}:cert/${certificateId}`;
        const page = await client.send(new ListPrincipalThingsCommand({ principal, maxResults: 250 }));
        return [page.things, page.nextToken];
      }),

    listThingsOfGroup: (thingGroupName) =>
      firstPage(async () => {
        const page = await client.send(
          new ListThingsInThingGroupCommand({ thingGroupName, maxResults: 250 }),
        );
        return [page.things, page.nextToken];
      }),

    listCertificatesOfCa: (caCertificateId) =>
      firstPage(async () => {
        const page = await client.send(new ListCertificatesByCACommand({ caCertificateId, pageSize: 250 }));
        const ids = (page.certificates ?? []).flatMap(({ certificateId = [] }) => certificateId);
        return [ids, page.nextMarker];
      }),

    listTargets: (policyName) =>
      firstPage(async () => {
        const page = await client.send(new ListTargetsForPolicyCommand({ policyName, pageSize: 250 }));
        return [page.targets, page.nextMarker];
      }),
  };
}

const severities = { CRITICAL: 'critical', HIGH: 'high', MEDIUM: 'medium', LOW: 'low' } as const;

function toResource(finding: AuditFinding): AuditedResource {
  const { findingId = '', reasonForNonCompliance = '', severity, nonCompliantResource } = finding;
  const identifier = nonCompliantResource?.resourceIdentifier ?? {};
  const { caCertificateId, policyVersionIdentifier, clientId } = identifier;
  return {
    findingId,
    reason: clip(reasonForNonCompliance, 300),
    severity: severities[severity ?? 'MEDIUM'] ?? 'medium',
    certificateId: readCertificateId(identifier),
    caCertificateId,
    policyName: policyVersionIdentifier?.policyName,
    clientId,
    relatedCertificates: (finding.relatedResources ?? []).flatMap(
      ({ resourceIdentifier = {} }) => readCertificateId(resourceIdentifier) ?? [],
    ),
  };
}

/** Newer checks name it by ARN. */
function readCertificateId(identifier: ResourceIdentifier): string | undefined {
  const { deviceCertificateId, deviceCertificateArn } = identifier;
  return deviceCertificateId ?? deviceCertificateArn?.split(':cert/')[1];
}
