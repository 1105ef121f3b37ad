import type { Account } from './account';
import { openAwsAccount } from './aws-account';

/** Another AWS-compatible server, if AWS_ENDPOINT_URL names one. */
export function openRemoteAccount(endpoint: string): Account {
  const { AWS_REGION: region = 'us-east-1', AWS_ACCESS_KEY_ID, AWS_PROFILE } = process.env;
  // A third party's server takes any.
  const anyone = { accessKeyId: 'contract', secretAccessKey: 'contract' };
  const hasOwn = AWS_ACCESS_KEY_ID !== undefined || AWS_PROFILE !== undefined;
  const account = openAwsAccount({ endpoint, region, ...(!hasOwn && { credentials: anyone }) }, async () => {
    throw new NoBrokerError();
  });
  return { ...account, name: `the server at ${endpoint}`, mayLack: true };
}

/** Devices need a broker with a certificate authority of ours; only the local stack has that. */
class NoBrokerError extends Error {
  override readonly name = 'NotImplemented';

  constructor() {
    super('no MQTT broker for devices of the suite');
  }
}
