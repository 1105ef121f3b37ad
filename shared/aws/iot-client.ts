import { IoTClient } from '@aws-sdk/client-iot';
import { boundedCalls } from './retry';

let client: IoTClient | undefined;

/** One client for all ports of a function, which then share its connections. */
export function iotClient(): IoTClient {
  client ??= new IoTClient(boundedCalls());
  return client;
}
