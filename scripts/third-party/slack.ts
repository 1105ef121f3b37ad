import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { attempt, type Report, type Settings, stackName } from './step';

export interface Slack {
  readonly url: string;
  readonly received: readonly string[];
  close(): void;
}

/** An incoming webhook of Slack, as far as it takes messages. */
export async function openSlack(): Promise<Slack> {
  const received: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => {
      received.push(body);
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/services/check`, received, close: () => server.close() };
}

export async function storeSecret(settings: Settings, url: string, report: Report): Promise<void> {
  const parameter = { Name: `/${stackName}/slack`, Value: url, Type: 'SecureString' } as const;
  await attempt('the secret of Slack', report, () =>
    new SSMClient(settings).send(new PutParameterCommand(parameter)),
  );
}
