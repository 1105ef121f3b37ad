import { IoTClient } from '@aws-sdk/client-iot';
import { boundedCalls } from './retry';

let client: IoTClient | undefined;

/** One client in a function, however many ports use it: each would have connections of its own to open. */
export function iotClient(): IoTClient {
  client ??= new IoTClient(boundedCalls());
  return client;
}
