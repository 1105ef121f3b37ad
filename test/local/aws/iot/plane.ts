import { RegisterCertificateWithoutCACommand } from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
import { invalid } from '../../../../local/aws/iot/errors';
import type { IotRegistry } from '../../../../local/aws/iot/registry';
import { aRegistry, pemOne, pemTwo } from './builders';
import { startServer, type TestServer } from './server';

/** The control plane of the running test, new for each. */
export let registry: IotRegistry;
export let server: TestServer;
export let send: TestServer['client']['send'];

/** Starts a control plane before each test of the file, and ends it after. */
export function useControlPlane(): void {
  beforeEach(async () => {
    registry = aRegistry();
    const issued = { certificatePem: pemTwo, publicKeyPem: 'public', privateKeyPem: 'private' };
    const sign = async (request: string) => {
      if (request !== 'a request') throw invalid('not a request');
      return pemTwo;
    };
    server = await startServer(
      createIotControlPlane(registry, { issuer: { issue: async () => issued, sign } }),
    );
    send = server.client.send.bind(server.client) as typeof send;
  });
  afterEach(() => server.close());
}

export async function registerOne(): Promise<string> {
  const { certificateArn } = await send(
    new RegisterCertificateWithoutCACommand({ certificatePem: pemOne, status: 'ACTIVE' }),
  );
  return certificateArn ?? '';
}
