import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectApi } from '../../../cli/console/api';

const credentials = async () => ({ accessKeyId: 'AKIAOPERATOROPERATOR', secretAccessKey: 'x'.repeat(40) });
const call = { method: 'GET', path: '/cases', headers: {}, body: Buffer.alloc(0) };

function serve(words: string): Promise<Server> {
  const server = createServer((_request, response) => response.end(words));
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

function end(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}

describe('the API behind the console', () => {
  it('is looked up once, and again after it could not be reached: a restarted stack has another address', async () => {
    let server = await serve('before');
    let looks = 0;
    const api = connectApi(async () => {
      looks += 1;
      const { port } = server.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}`, region: async () => 'us-east-1', credentials };
    });
    const read = async () => (await api(call)).body.toString();

    expect([await read(), await read(), looks]).toEqual(['before', 'before', 1]);
    const stopped = server;
    server = await serve('after');
    await end(stopped);
    await expect(read()).rejects.toThrow('fetch failed');

    expect([await read(), looks]).toEqual(['after', 2]);
    await end(server);
  });

  it('is looked up again if it was not found', async () => {
    const server = await serve('there');
    let looks = 0;
    const api = connectApi(async () => {
      looks += 1;
      if (looks === 1) throw new Error('the local stack has stopped');
      const { port } = server.address() as AddressInfo;
      return { url: `http://127.0.0.1:${port}`, region: async () => 'us-east-1', credentials };
    });

    await expect(api(call)).rejects.toThrow('has stopped');
    expect((await api(call)).body.toString()).toBe('there');
    await end(server);
  });
});
