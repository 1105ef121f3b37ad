import {
  DeleteConnectionCommand,
  GetConnectionCommand,
  type IoTDataPlaneClient,
  PublishCommand,
} from '@aws-sdk/client-iot-data-plane';
import { isNotFound, orNothing } from '../errors';
import type { Connections } from '../ports/aws';
import { dataPlaneClient } from './data-plane';

export function connectConnections(client: IoTDataPlaneClient = dataPlaneClient()): Connections {
  return {
    async cut(clientId) {
      try {
        await client.send(
          new DeleteConnectionCommand({ clientId, cleanSession: true, preventWillMessage: true }),
        );
        return true;
      } catch (error) {
        if (isNotFound(error)) return false;
        throw error;
      }
    },

    async connectedSince(clientId) {
      return orNothing(async () => {
        const session = await client.send(new GetConnectionCommand({ clientId }));
        // A session whose start is unknown counts as old.
        return session.connected ? (session.connectedSince ?? 0) : undefined;
      });
    },

    async publish(topic, payload, { retain } = { retain: false }) {
      await client.send(
        new PublishCommand({
          topic,
          payload: typeof payload === 'string' ? Buffer.from(payload) : payload,
          qos: 1,
          ...(retain && { retain }),
        }),
      );
    },
  };
}
