import { request } from 'node:http';
import type { ApiAnswer, ApiCall } from '../../../cli/console/api';
import { type ConsoleServer, startConsole } from '../../../cli/console/server';

const page = { headers: { 'content-type': 'text/html; charset=utf-8' }, body: Buffer.from('<p>the page') };
const script = { headers: { 'content-type': 'text/javascript' }, body: Buffer.from('run()') };

let server: ConsoleServer;
let calls: ApiCall[];
let fails: Error | undefined;
let answers: ApiAnswer;
beforeEach(async () => {
  calls = [];
  fails = undefined;
  answers = { status: 200, headers: { etag: '"1"' }, body: Buffer.from('{"cases":[]}') };
  server = await startConsole({
    files: new Map([
      ['index.html', page],
      ['assets/main-1.js', script],
    ]),
    api: async (call) => {
      if (fails) throw fails;
      calls.push(call);
      return answers;
    },
    about: { version: '1.0.0' },
    port: 0,
  });
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Sends what no browser lets a page send, such as another Host. */
function send(
  url: string,
  { method = 'GET', headers = {}, body = '' }: { method?: string; headers?: object; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...headers } }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

async function openConsole() {
  const link = server.issueLink();
  const { headers } = await send(link);
  const [cookie = ''] = [headers['set-cookie'] ?? []].flat();
  return { origin: new URL(link).origin, cookie: cookie.split(';')[0] ?? '', full: cookie };
}

describe('the link of cordon console', () => {
  it('opens the console once, with a cookie that no script and no other site has', async () => {
    const link = server.issueLink();
    const first = await send(link);
    const second = await send(link);

    expect([first.status, first.headers.location]).toEqual([303, '/console/']);
    expect(first.headers['set-cookie']).toEqual([
      expect.stringMatching(/^cordon-console-\d+=[\w-]{32}; HttpOnly; SameSite=Strict; Path=\/$/),
    ]);
    expect([second.status, second.headers['set-cookie']]).toEqual([403, undefined]);
    expect(second.body).toContain('This link was used already');
  });

  it('opens nothing once a newer one was printed', async () => {
    const old = server.issueLink();
    server.issueLink();
    expect((await send(old)).status).toBe(403);
  });
});

describe('the console’s server', () => {
  it('leads to the console if the browser that opened a link opens it once more', async () => {
    const link = server.issueLink();
    const { headers } = await send(link);
    const [cookie = ''] = [headers['set-cookie'] ?? []].flat();

    const again = await send(link, { headers: { cookie } });

    expect([again.status, again.headers.location]).toEqual([303, '/console/']);
    expect(again.headers).not.toHaveProperty('set-cookie');
    expect((await send(link)).status).toBe(403);
  });

  it('shows nothing without the cookie', async () => {
    const { origin } = new URL(server.issueLink());
    for (const path of ['/', '/console/', '/console/config.json', '/console/assets/main-1.js'])
      expect((await send(`${origin}${path}`)).status).toBe(401);
    expect(await send(`${origin}/console/api/cases`)).toMatchObject({
      status: 401,
      body: expect.stringContaining('open the link that cordon console printed'),
    });
    expect(calls).toEqual([]);
  });

  it('serves the page for each of its addresses, and its files', async () => {
    const { origin, cookie } = await openConsole();
    const get = (path: string) => send(`${origin}${path}`, { headers: { cookie } });

    expect((await get('/')).headers.location).toBe('/console/');
    for (const path of ['/console/', '/console/cases/mything1'])
      expect(await get(path)).toMatchObject({ status: 200, body: '<p>the page' });
    expect(await get('/console/assets/main-1.js')).toMatchObject({ status: 200, body: 'run()' });
    expect((await get('/console/assets/other.js')).status).toBe(404);
    expect(JSON.parse((await get('/console/config.json')).body)).toEqual({
      api: '/console/api',
      version: '1.0.0',
    });
  });

  it('forwards a call to the API without the cookie, and returns its answer', async () => {
    const { origin, cookie } = await openConsole();
    const answer = await send(`${origin}/console/api/cases?status=closed`, {
      headers: { cookie, 'if-none-match': '"0"', 'x-forged': '1' },
    });

    expect(calls).toEqual([
      { method: 'GET', path: '/cases?status=closed', headers: { 'if-none-match': '"0"' }, body: Buffer.of() },
    ]);
    expect(answer).toMatchObject({
      status: 200,
      headers: { etag: '"1"', 'cache-control': 'no-store' },
      body: '{"cases":[]}',
    });
  });

  it('forwards a command that its own page sends', async () => {
    const { origin, cookie } = await openConsole();
    const headers = { cookie, origin, 'content-type': 'application/json' };
    const body = '{"comment":"checked"}';
    const path = '/things/line%3A7_a/release';

    const { status } = await send(`${origin}/console/api${path}`, { method: 'POST', headers, body });

    expect(status).toBe(200);
    expect(calls).toMatchObject([{ method: 'POST', path, body: Buffer.from(body) }]);
  });

  it.each([
    ['a name that resolves to this machine', { host: 'attacker.example' }],
    ['no Host of its own port', { host: '127.0.0.1:1' }],
    ['a page of another site', { origin: 'https://attacker.example' }],
    ['a page of another port of this machine', { origin: 'http://127.0.0.1:1' }],
    ['a page without an Origin', { origin: undefined }],
    ['a form', { 'content-type': 'text/plain' }],
    ['a page of another site, by its metadata', { 'sec-fetch-site': 'cross-site' }],
    ['a page of another port, by its metadata', { 'sec-fetch-site': 'same-site' }],
  ])('refuses a command from %s', async (_who, wrong) => {
    const { origin, cookie } = await openConsole();
    const right = { cookie, origin, 'content-type': 'application/json' };
    const headers = Object.fromEntries(
      Object.entries({ ...right, ...wrong }).filter(([, value]) => value !== undefined),
    );
    const { status } = await send(`${origin}/console/api/things/x/release`, { method: 'POST', headers });
    expect([status, calls]).toEqual([403, []]);
  });

  it('refuses a read by another page, but opens for a link from one', async () => {
    const { origin, cookie } = await openConsole();
    const foreign = { cookie, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect((await send(`${origin}/console/api/cases`, { headers: foreign })).status).toBe(403);
    expect((await send(`${origin}/console/cases/x`, { headers: foreign })).status).toBe(200);
    expect((await send(`${origin}/console/`, { method: 'DELETE', headers: { cookie } })).status).toBe(403);
  });

  it.each([
    [
      'application/json',
      '{"message":"The security token included in the request is expired"}',
      401,
      'sign in again',
    ],
    [
      'application/json',
      '{"message":"Forbidden"}',
      403,
      'IAM does not permit you this, or your AWS credentials',
    ],
    ['application/problem+json', '{"detail":"only members of soc may do this"}', 403, 'only members of soc'],
  ])('explains a 403 with %s %s', async (type, body, status, words) => {
    const { origin, cookie } = await openConsole();
    answers = { status: 403, headers: { 'content-type': type }, body: Buffer.from(body) };

    const answer = await send(`${origin}/console/api/cases`, { headers: { cookie } });

    expect(answer.status).toBe(status);
    expect(JSON.parse(answer.body).detail).toContain(words);
  });

  it('says what to do if the credentials have expired or the API does not answer', async () => {
    const { origin, cookie } = await openConsole();
    const read = async (error: Error) => {
      fails = error;
      const { status, body } = await send(`${origin}/console/api/cases`, { headers: { cookie } });
      return [status, JSON.parse(body).detail];
    };
    expect(await read(Object.assign(new Error('gone'), { name: 'CredentialsProviderError' }))).toEqual([
      502,
      'your AWS credentials are not there or have expired: sign in again (gone)',
    ]);
    expect(await read(new TypeError('fetch failed'))).toEqual([502, 'the API cannot be reached']);
  });
});
