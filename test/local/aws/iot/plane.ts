import { RegisterCertificateWithoutCACommand } from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
import { invalid } from '../../../../local/aws/iot/errors';
import type { IotRegistry, IotRegistryOptions } from '../../../../local/aws/iot/registry';
import { aRegistry, now, pemOne, pemTwo } from './builders';
import { startServer, type TestServer } from './server';

/** The control plane of the running test, new for each. */
export let registry: IotRegistry;
export let server: TestServer;
export let send: TestServer['client']['send'];
/** Its clock, which a test may set forward. */
export const clock = { at: now };

/** Starts a control plane before each test of the file, and ends it after. */
export function useControlPlane(options: Partial<IotRegistryOptions> = {}): void {
  beforeEach(async () => {
    clock.at = now;
    registry = aRegistry({ now: () => clock.at, ...options });
    const issued = { certificatePem: pemTwo, publicKeyPem: 'public', privateKeyPem: 'private' };
    const sign = async (request: string) => {
      if (request !== 'a request') throw invalid('not a request');
      return pemTwo;
    };
    server = await startServer(
      createIotControlPlane(registry, { issuer: { issue: async () => issued, sign, caPem: pemTwo } }),
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
