import {
  DescribeCertificateCommand,
  DescribeEndpointCommand,
  DescribeThingCommand,
  GetPolicyCommand,
  type IoTClient,
  ListAttachedPoliciesCommand,
  ListThingGroupsForThingCommand,
  ListThingPrincipalsCommand,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { PublishCommand as PublishAlertCommand, type SNSClient } from '@aws-sdk/client-sns';
import { CliError } from '../cli-error';
import { type DeviceEndpoints, ports } from './device';

/** Attribute of a drill's thing, whose value is the stage: a later drill finds by it what an earlier one left. */
export const drillAttribute = 'cordonDrill';

export interface LeftThing {
  readonly thingName: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** What a drill asks of AWS beside what enrolling does. */
export function connectAccount(iot: IoTClient, dataPlane: IoTDataPlaneClient, sns: SNSClient) {
  async function describeEndpoint(endpointType: string): Promise<{ host: string; port?: number }> {
    const { endpointAddress = '' } = await iot.send(new DescribeEndpointCommand({ endpointType }));
    const [host, port] = endpointAddress.split(':');
    if (!host) throw new CliError(`AWS IoT named no endpoint ${endpointType}`);
    return { host, ...(port && { port: Number(port) }) };
  }

  async function snapshotCertificate(arn: string): Promise<readonly (readonly [string, string])[]> {
    const certificateId = arn.slice(arn.lastIndexOf('/') + 1);
    const [{ certificateDescription }, { policies = [] }] = await Promise.all([
      iot.send(new DescribeCertificateCommand({ certificateId })),
      iot.send(new ListAttachedPoliciesCommand({ target: arn })),
    ]);
    const named = await Promise.all(
      policies.map(async ({ policyName = '' }) => {
        const { defaultVersionId, policyDocument } = await iot.send(new GetPolicyCommand({ policyName }));
        return [`policy ${policyName}`, `version ${defaultVersionId}: ${policyDocument}`] as const;
      }),
    );
    const name = `certificate ${certificateId.slice(0, 12)}`;
    return [
      [`${name} status`, certificateDescription?.status ?? 'unknown'],
      [
        `${name} policies`,
        named
          .map(([policy]) => policy)
          .sort()
          .join(', '),
      ],
      ...named,
    ];
  }

  return {
    /** Port 8883 and 8443 of AWS; the local stack serves both on the one that it names. */
    async readEndpoints(): Promise<DeviceEndpoints> {
      const [data, provider] = await Promise.all([
        describeEndpoint('iot:Data-ATS'),
        describeEndpoint('iot:CredentialProvider'),
      ]);
      return {
        mqtt: { host: data.host, port: data.port ?? ports.mqtt },
        https: { host: data.host, port: data.port ?? ports.https },
        credentials: { host: provider.host, port: provider.port ?? ports.credentials },
      };
    },

    /** Things of drills of this stage. */
    async listDrillThings(stage: string): Promise<LeftThing[]> {
      const found: LeftThing[] = [];
      let nextToken: string | undefined;
      do {
        const page = await iot.send(
          new ListThingsCommand({ attributeName: drillAttribute, attributeValue: stage, nextToken }),
        );
        for (const { thingName, attributes = {} } of page.things ?? [])
          if (thingName) found.push({ thingName, attributes });
        nextToken = page.nextToken;
      } while (nextToken);
      return found;
    },

    /** All that a containment may change of a thing, field by field. */
    async takeSnapshot(thingName: string): Promise<ReadonlyMap<string, string>> {
      const [thing, groups, { principals = [] }] = await Promise.all([
        iot.send(new DescribeThingCommand({ thingName })),
        iot.send(new ListThingGroupsForThingCommand({ thingName })),
        iot.send(new ListThingPrincipalsCommand({ thingName })),
      ]);
      const certificates = await Promise.all(principals.map(snapshotCertificate));
      return new Map<string, string>([
        ['attributes', JSON.stringify(Object.entries(thing.attributes ?? {}).sort())],
        ['thing type', thing.thingTypeName ?? 'none'],
        [
          'thing groups',
          (groups.thingGroups ?? [])
            .map(({ groupName }) => groupName)
            .sort()
            .join(', '),
        ],
        ['principals', principals.toSorted().join(', ')],
        ...certificates.flat(),
      ]);
    },

    /** An empty payload deletes the retained message. */
    async retain(topic: string, payload: string): Promise<void> {
      await dataPlane.send(
        new PublishCommand({ topic, qos: 1, retain: true, payload: Buffer.from(payload) }),
      );
    },

    async publishAlert(topicArn: string, message: string): Promise<void> {
      await sns.send(new PublishAlertCommand({ TopicArn: topicArn, Message: message }));
    },
  };
}

export type DrillAccount = ReturnType<typeof connectAccount>;

/** The fields that differ, in words; empty where all is as before. */
export function compareSnapshots(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  const fields = new Set([...before.keys(), ...after.keys()]);
  return [...fields].flatMap((field) => {
    const [was, is] = [before.get(field) ?? 'absent', after.get(field) ?? 'absent'];
    return was === is ? [] : [`${field} was ${was || 'empty'} and is ${is || 'empty'}`];
  });
}
