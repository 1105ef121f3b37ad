import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IoTClient } from '@aws-sdk/client-iot';
import type { ApiRequest, ServiceHandler } from '../../../../local/types';

async function readRequest(message: IncomingMessage): Promise<ApiRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const [path = '', query = ''] = (message.url ?? '').split(/\?(.*)/s);
  const headers = Object.entries(message.headers).map(([name, value]) => [name, String(value)]);
  return {
    service: 'iot',
    method: message.method ?? '',
    path,
    query: new URLSearchParams(query),
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.concat(chunks),
    caller: { accessKeyId: 'test', arn: 'arn:aws:iam::123456789012:user/local-operator' },
  };
}

export interface TestServer {
  readonly client: IoTClient;
  /** `iot:Action on resource, resource` of each request so far. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

/** A control plane behind HTTP, with a real AWS client for it. */
export async function startServer(handler: ServiceHandler): Promise<TestServer> {
  const asked: string[] = [];
  const server = createServer((message, response) => {
    readRequest(message)
      .then(async (request) => {
        const iam = handler.identify(request);
        asked.push(iam ? `${iam.action} on ${iam.resources.join(', ')}` : 'unknown');
        const { status, headers, body } = await handler.handle(request);
        response.writeHead(status, headers).end(body);
      })
      .catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const client = new IoTClient({
    region: 'eu-west-1',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  });
  return {
    client,
    asked,
    async close() {
      client.destroy();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
