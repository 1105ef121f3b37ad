import { DescribeEndpointCommand, type IoTClient } from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, type IoTDataPlaneClientConfig } from '@aws-sdk/client-iot-data-plane';
import { iotClient } from './iot-client';
import { boundedCalls } from './retry';

/**
 * A client of the data plane at the account's own endpoint; the SDK's default endpoint is for tests only (AWS CLI reference,
 * iot-data). The endpoint is requested at once, so the first call does not wait. `AWS_ENDPOINT_URL` overrides it. Needs
 * `iot:DescribeEndpoint`.
 */
export function dataPlaneClient(
  iot: IoTClient = iotClient(),
  settings: IoTDataPlaneClientConfig = {},
): IoTDataPlaneClient {
  const named = settings.endpoint ?? process.env.AWS_ENDPOINT_URL;
  let asked: Promise<{ url: URL }> | undefined;
  const ask = () => {
    asked ??= findEndpoint(iot).catch((error: unknown) => {
      // The next call asks again.
      asked = undefined;
      throw error;
    });
    return asked;
  };
  // The call that needs the endpoint throws the error.
  ask().catch(() => undefined);
  return new IoTDataPlaneClient({
    ...boundedCalls(),
    ...settings,
    ...(named === undefined && { endpoint: ask }),
  });
}

async function findEndpoint(iot: IoTClient): Promise<{ url: URL }> {
  const { endpointAddress } = await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }));
  if (!endpointAddress) throw new Error('AWS IoT returned no endpoint of its data plane');
  return { url: new URL(`https://${endpointAddress}`) };
}
