import {
  DescribeEndpointCommand,
  GetPolicyCommand,
  type IoTClient,
  ListThingGroupsForThingCommand,
  ListThingsCommand,
} from '@aws-sdk/client-iot';
import { type IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { PublishCommand as PublishAlertCommand, type SNSClient } from '@aws-sdk/client-sns';
import { type DeviceEndpoints, ports } from '../../proof/device';
import { takeSnapshot } from '../../proof/snapshot';
import { CliError } from '../cli-error';

/** Attribute of a drill's thing, whose value is the stage: a later drill finds by it what an earlier one left. */
export const drillAttribute = 'cordonDrill';

export interface LeftThing {
  readonly thingName: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** The calls of a drill to AWS, besides those of enrolling. */
export function connectAccount(iot: IoTClient, dataPlane: IoTDataPlaneClient, sns: SNSClient) {
  async function describeEndpoint(endpointType: string): Promise<{ host: string; port?: number }> {
    const { endpointAddress = '' } = await iot.send(new DescribeEndpointCommand({ endpointType }));
    const [host, port] = endpointAddress.split(':');
    if (!host) throw new CliError(`AWS IoT named no endpoint ${endpointType}: try again`);
    return { host, ...(port && { port: Number(port) }) };
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

    async readPolicy(policyName: string): Promise<string> {
      const { policyDocument = '' } = await iot.send(new GetPolicyCommand({ policyName }));
      return policyDocument;
    },

    /** AWS allows ten, so one page has all of them. */
    async listThingGroups(thingName: string): Promise<readonly string[]> {
      const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName }));
      return thingGroups.flatMap(({ groupName }) => groupName ?? []);
    },

    takeSnapshot: (thingName: string) => takeSnapshot(iot, thingName),

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
