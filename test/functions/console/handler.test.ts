import { brotliCompressSync, brotliDecompressSync } from 'node:zlib';
import { serveConsole } from '../../../functions/console/handler';
import type { Provider } from '../../../functions/console/provider';
import type { HttpRequest } from '../../../shared/http';
import { fakeTelemetry } from '../../fakes';

const policy =
  "default-src 'none'; script-src 'self'; connect-src 'self'; frame-src 'self'; frame-ancestors 'none'";
const pack = (text: string, headers: Record<string, string>) => ({
  headers,
  etag: 'W/"abc"',
  brotli: brotliCompressSync(text).toString('base64'),
});
const files = {
  'index.html': pack('<p>page</p>', {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': policy,
  }),
  'assets/main-1a2b.js': pack('run()', {
    'content-type': 'text/javascript; charset=utf-8',
    'cache-control': 'public, max-age=31536000, immutable',
  }),
};
const provider: Provider = {
  issuer: 'https://issuer.example/pool',
  authorization_endpoint: 'https://login.example/authorize',
  token_endpoint: 'https://login.example/token',
};

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly loadProvider?: () => Promise<Provider>;
  readonly isOpen?: boolean;
}

function ask(rawPath: string, { method = 'GET', headers = {}, loadProvider, isOpen = true }: Asked = {}) {
  const { log } = fakeTelemetry();
  const serve = serveConsole({
    files,
    stage: 'dev',
    region: 'eu-west-1',
    signIn: isOpen
      ? { clientId: 'cordon', scope: 'openid', loadProvider: loadProvider ?? (async () => provider) }
      : undefined,
    log,
  });
  return serve({ rawPath, headers, requestContext: { http: { method } } } as unknown as HttpRequest);
}

const br = { 'accept-encoding': 'gzip, br' };

describe('the console function', () => {
  it.each(['/console', '/console/', '/console/cases/mything1', '/console/index.html', '/console/signed-in'])(
    'answers %s with the page, which no cache keeps and which may call only the issuer',
    async (path) => {
      const { statusCode, headers, body } = await ask(path);

      expect([statusCode, body]).toEqual([200, '<p>page</p>']);
      expect(headers).toMatchObject({
        'cache-control': 'no-store',
        'content-security-policy':
          "default-src 'none'; script-src 'self'; connect-src 'self' https://login.example; frame-ancestors 'none'",
        'strict-transport-security': 'max-age=31536000',
        'referrer-policy': 'no-referrer',
        'x-content-type-options': 'nosniff',
      });
    },
  );

  it('sends a file compressed, which caches may keep for ever', async () => {
    const {
      headers,
      body = '',
      isBase64Encoded,
    } = await ask('/console/assets/main-1a2b.js', { headers: br });

    expect(brotliDecompressSync(Buffer.from(body, 'base64')).toString()).toBe('run()');
    expect(isBase64Encoded).toBe(true);
    expect(headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'br',
      vary: 'accept-encoding',
      etag: 'W/"abc"',
    });
  });

  it.each([undefined, 'gzip', 'br;q=0', 'br; q=0.000', 'brx'])(
    'sends it uncompressed to a client that accepts %s',
    async (accepted) => {
      const headers = accepted === undefined ? {} : { 'accept-encoding': accepted };
      const answer = await ask('/console/assets/main-1a2b.js', { headers });

      expect(answer.body).toBe('run()');
      expect(answer.headers).not.toHaveProperty('content-encoding');
      expect(answer.headers).toHaveProperty('vary', 'accept-encoding');
    },
  );

  it.each([
    ['W/"abc"', 304],
    ['"x", "abc"', 304],
    ['"x"', 200],
  ])('answers If-None-Match %s with %s', async (known, status) => {
    const { statusCode, body } = await ask('/console/assets/main-1a2b.js', {
      headers: { 'if-none-match': known },
    });

    expect(statusCode).toBe(status);
    expect(body === undefined).toBe(status === 304);
  });

  it('ignores Range, and answers HEAD with the headers alone', async () => {
    expect(await ask('/console/assets/main-1a2b.js', { headers: { range: 'bytes=0-1' } })).toMatchObject({
      statusCode: 200,
      body: 'run()',
    });
    const { statusCode, headers, body } = await ask('/console', { method: 'HEAD' });
    expect([statusCode, body]).toEqual([200, '']);
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8' });
  });

  it.each([
    '/console/assets/',
    '/console/assets/gone.js',
    '/console/assets/../index.html',
    '/console/assets/../../index.mjs',
    '/console/assets/__proto__',
    '/console/assets/toString',
  ])('has no file %s, and answers 404, which no cache keeps', async (path) => {
    expect(await ask(path)).toMatchObject({
      statusCode: 404,
      body: 'no such file\n',
      headers: { 'cache-control': 'no-store', 'content-type': 'text/plain; charset=utf-8' },
    });
  });

  it('gives the page what it needs to sign in', async () => {
    const { headers, body = '' } = await ask('/console/config.json');

    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'content-type': 'application/json' });
    expect(JSON.parse(body)).toEqual({
      api: '',
      where: 'AWS eu-west-1, stage dev',
      signIn: { provider, clientId: 'cordon', scope: 'openid' },
    });
  });

  it('says that the issuer does not answer, but not what it answered', async () => {
    const loadProvider = () => Promise.reject(new Error('secret'));

    for (const path of ['/console', '/console/config.json']) {
      const { statusCode, body } = await ask(path, { loadProvider });
      expect([statusCode, body]).toEqual([503, expect.stringContaining('The identity provider does not')]);
      expect(body).not.toContain('secret');
    }
  });

  it.each(['/console', '/console/cases/x', '/console/assets/main-1a2b.js'])(
    'says at %s how to run the console, if nobody can sign in',
    async (path) => {
      expect(await ask(path, { isOpen: false })).toMatchObject({
        statusCode: 200,
        body: expect.stringContaining('AWS_REGION=eu-west-1 cordon --aws --stage dev console\n'),
        headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
      });
    },
  );
});
