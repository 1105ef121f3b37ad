import { IoTClient } from '@aws-sdk/client-iot';

let client: IoTClient | undefined;

/** One client in a function, however many ports use it: each would have connections of its own to open. */
export function iotClient(): IoTClient {
  client ??= new IoTClient({ maxAttempts: 6 });
  return client;
}
