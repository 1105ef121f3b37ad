import {
  type AuditFinding,
  type IoTClient,
  ListAuditFindingsCommand,
  ListPrincipalThingsCommand,
  ListTargetsForPolicyCommand,
  ListThingsInThingGroupCommand,
} from '@aws-sdk/client-iot';
import type { AuditedResource } from '../domain/findings/audit';
import { clip } from '../domain/text';
import { isNotFound } from '../errors';
import type { Audits, FirstPage } from '../ports';
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
        yield* (page.findings ?? []).map(toResource);
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
  const { deviceCertificateId, policyVersionIdentifier, clientId } =
    nonCompliantResource?.resourceIdentifier ?? {};
  return {
    findingId,
    reason: clip(reasonForNonCompliance, 300),
    severity: severities[severity ?? 'MEDIUM'] ?? 'medium',
    certificateId: deviceCertificateId,
    policyName: policyVersionIdentifier?.policyName,
    clientId,
    relatedCertificates: (finding.relatedResources ?? []).flatMap(
      ({ resourceIdentifier }) => resourceIdentifier?.deviceCertificateId ?? [],
    ),
  };
}
