import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendRequest } from '../../shared/send-request';

let server: Server;
let base: string;
let answer: RequestListener;

beforeAll(async () => {
  server = createServer((request, response) => answer(request, response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const letter = { method: 'PUT', headers: { 'content-type': '' }, body: 'Öl' } as const;

describe('a request', () => {
  it('is sent as it is, and its answer is read', async () => {
    let asked: unknown;
    answer = async (request, response) => {
      const { method, url, headers } = request;
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const { 'content-type': type, 'content-length': length } = headers;
      asked = { method, url, type, length, body: Buffer.concat(chunks).toString() };
      response.writeHead(202, 'Taken', { 'retry-after': '3' }).end('grün');
    };

    const got = await sendRequest(`${base}/a?b=c`, letter);

    expect(asked).toEqual({ method: 'PUT', url: '/a?b=c', type: '', length: '3', body: 'Öl' });
    expect(got).toMatchObject({ status: 202, statusText: 'Taken', text: 'grün' });
    expect(got.headers['retry-after']).toBe('3');
  });

  it('has a connection of its own, which ends with the answer', async () => {
    const connections = new Set<unknown>();
    answer = (request, response) => {
      connections.add(request.socket);
      response.end(request.headers.connection);
    };

    const texts = [await sendRequest(base, letter), await sendRequest(base, { method: 'GET' })];

    expect(texts.map(({ text }) => text)).toEqual(['close', 'close']);
    expect(connections.size).toBe(2);
  });

  it('has no length if it has no body', async () => {
    answer = (request, response) => response.end(String(request.headers['content-length']));

    expect(await sendRequest(base, { method: 'GET' })).toMatchObject({ text: 'undefined' });
  });

  it('follows no redirect', async () => {
    answer = (_, response) => response.writeHead(302, { location: `${base}/other` }).end();

    expect(await sendRequest(base, letter)).toMatchObject({ status: 302 });
  });

  it('reads an answer no further than asked', async () => {
    answer = (_, response) => void response.writeHead(200).write('x'.repeat(100));

    const { text } = await sendRequest(base, { ...letter, answerMax: 50 });

    expect(text).toHaveLength(100);
  });

  it('ends when its time is up, and when the connection does', async () => {
    answer = () => undefined;
    await expect(sendRequest(base, { ...letter, signal: AbortSignal.timeout(20) })).rejects.toThrow();

    answer = (_, response) => void response.destroy();
    await expect(sendRequest(base, letter)).rejects.toThrow('socket hang up');
  });

  it('ends when the connection does in the middle of the answer', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': '10' }).write('half', () => response.destroy());
    };

    await expect(sendRequest(base, letter)).rejects.toThrow('aborted');
  });

  it('is sent without undici, which takes longer to load than all the rest', () => {
    const script = `
      const { sendRequest } = await import('${new URL('../../shared/send-request.ts', import.meta.url)}');
      await sendRequest('https://127.0.0.1:1', { method: 'GET' }).catch(() => undefined);
      console.log(process.moduleLoadList.filter((name) => name.includes('undici')).join());
    `;
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
      encoding: 'utf8',
    });

    expect({ stdout, stderr }).toEqual({ stdout: '\n', stderr: '' });
  });
});
