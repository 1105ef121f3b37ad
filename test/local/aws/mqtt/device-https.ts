import { request } from 'node:https';
import type { IssuedCertificate } from '../../../../local/aws/mqtt/certificates';
import { createIotDataPlane } from '../../../../local/aws/mqtt/data-plane';
import {
  type DeviceHttps,
  type DeviceHttpsOptions,
  startDeviceHttps,
} from '../../../../local/aws/mqtt/device-https';
import type { Stack } from './stack';

export interface HttpsAnswer {
  readonly status: number;
  readonly errorType: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

interface Call {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly port?: number;
  readonly alpn?: readonly string[];
}

/** The device's HTTPS endpoint over a broker of a test. */
export async function openDeviceHttps(
  stack: Stack,
  options: Partial<DeviceHttpsOptions> = {},
): Promise<DeviceHttps> {
  const { broker, registry, ca } = stack;
  const now = options.now ?? Date.now;
  return startDeviceHttps({
    broker,
    registry,
    ca,
    plane: createIotDataPlane({ broker, registry, now }),
    credentials: {
      assumeRole: () => {
        throw new Error('no role');
      },
    },
    log: { info: () => undefined, warn: () => undefined },
    ...options,
  });
}

/** One request, `METHOD /path?query`, with a certificate or without. */
export function call(
  { ca }: Pick<Stack, 'ca'>,
  https: Pick<DeviceHttps, 'port'>,
  certificate: Pick<IssuedCertificate, 'certificatePem' | 'privateKeyPem'> | undefined,
  target: string,
  { body, headers, port = https.port, alpn }: Call = {},
): Promise<HttpsAnswer> {
  const [method, path] = target.split(' ', 2);
  return new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        headers,
        agent: false,
        ca: ca.certificatePem,
        ...(certificate && { cert: certificate.certificatePem, key: certificate.privateKeyPem }),
        ...(alpn && { ALPNProtocols: [...alpn] }),
      },
      (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: answer.statusCode ?? 0,
            errorType: answer.headers['x-amzn-errortype']?.toString(),
            body: text === '' ? {} : JSON.parse(text),
          });
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
  });
}
