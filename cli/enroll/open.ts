import { IoTClient, type IoTClientConfig } from '@aws-sdk/client-iot';
import { dataPlaneClient } from '../../shared/aws/data-plane';
import { connectRegistry } from './registry';

export function openRegistry(settings: IoTClientConfig) {
  const iot = new IoTClient(settings);
  return connectRegistry(iot, dataPlaneClient(iot, settings));
}
