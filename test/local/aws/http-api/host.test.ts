import { type CryptoKey, generateKeyPair } from 'jose';
import type { Registration } from '../../../../local/aws/gateway/authorize';
import type { HttpApiDefinition, HttpRouteDefinition } from '../../../../local/aws/http-api/definitions';
import { createHttpApiHost, type HttpApiHost } from '../../../../local/aws/http-api/host';
import type { InvocationOutcome } from '../../../../local/aws/lambda/definitions';
import { PayloadTooLargeError } from '../../../../local/aws/lambda/function';
import { type Issuer, startIssuer } from '../../../issuer';
import { identity } from '../lambda/fixtures';

interface Event {
  readonly rawPath: string;
  readonly body?: string;
  readonly isBase64Encoded: boolean;
  readonly pathParameters?: Record<string, string>;
  readonly requestContext: { readonly authorizer?: unknown };
}

const operator = { caller: { accessKeyId: 'AKIAOPERATOR', arn: 'arn:aws:iam::0:user/ada' }, documents: [] };
const callers = new Map<string, Registration>([['AKIAOPERATOR', operator]]);
const events: Event[] = [];
const warnings: string[] = [];
const hosts: HttpApiHost[] = [];
let answerWith: (event: unknown) => Promise<InvocationOutcome>;

const succeed = (payload: unknown): InvocationOutcome => ({
  status: 'succeeded',
  requestId: 'r',
  payload: JSON.stringify(payload),
});

beforeEach(() => {
  events.length = 0;
  warnings.length = 0;
  answerWith = async () => succeed({ statusCode: 201, headers: { 'X-Own': 'a' }, body: 'made' });
});
afterEach(() => Promise.all(hosts.splice(0).map((host) => host.close())));

async function serve(
  routes: readonly Partial<HttpRouteDefinition>[],
  api: Partial<HttpApiDefinition> = {},
): Promise<string> {
  const host = createHttpApiHost({
    identity,
    invoke: async (_arn, event) => {
      events.push(event as Event);
      return answerWith(event);
    },
    findCaller: (accessKeyId) => callers.get(accessKeyId),
    log: { info: () => undefined, warn: (message) => void warnings.push(message) },
  });
  hosts.push(host);
  for (const route of routes)
    host.addRoute({
      apiId: 'api1',
      routeKey: 'GET /',
      authorization: { type: 'NONE' },
      functionArn: 'arn:fn',
      timeoutMs: 5_000,
      ...route,
    });
  return host.open({ id: 'api1', name: 'test', ...api });
}

describe('a request to an HTTP API', () => {
  it('becomes an event of payload format 2.0', async () => {
    const url = await serve([{ routeKey: 'POST /things/{thing}/release' }]);

    const answer = await fetch(`${url}/things/a%3Ab/release?x=1&x=2&y=%20`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: 'a=1; b=2', 'X-Own': 'v' },
      body: '{"comment":"ä"}',
    });

    expect([answer.status, answer.headers.get('x-own'), await answer.text()]).toEqual([201, 'a', 'made']);
    expect(answer.headers.get('apigw-requestid')).toMatch(/^[0-9a-f-]{36}$/);
    expect(events).toEqual([
      {
        version: '2.0',
        routeKey: 'POST /things/{thing}/release',
        rawPath: '/things/a:b/release',
        rawQueryString: 'x=1&x=2&y=%20',
        cookies: ['a=1', 'b=2'],
        headers: expect.objectContaining({ 'content-type': 'application/json', 'x-own': 'v' }),
        queryStringParameters: { x: '1,2', y: ' ' },
        pathParameters: { thing: 'a:b' },
        requestContext: {
          accountId: identity.accountId,
          apiId: 'api1',
          domainName: new URL(url).host,
          domainPrefix: 'api1',
          http: {
            method: 'POST',
            path: '/things/a:b/release',
            protocol: 'HTTP/1.1',
            sourceIp: '127.0.0.1',
            userAgent: 'node',
          },
          requestId: answer.headers.get('apigw-requestid'),
          routeKey: 'POST /things/{thing}/release',
          stage: '$default',
          time: expect.any(String),
          timeEpoch: expect.any(Number),
        },
        body: '{"comment":"ä"}',
        isBase64Encoded: false,
      },
    ]);
  });

  it.each([
    ['application/json; charset=utf-8', false],
    ['text/plain', false],
    ['application/problem+json', false],
    ['application/x-www-form-urlencoded', true],
    ['application/octet-stream', true],
  ])('has a body of %s passed on: base64 %s', async (type, isBase64Encoded) => {
    const url = await serve([{ routeKey: 'POST /' }]);

    await fetch(`${url}/`, { method: 'POST', headers: { 'content-type': type }, body: 'payload=%7B%7D' });

    expect(events).toMatchObject([
      { isBase64Encoded, body: isBase64Encoded ? 'cGF5bG9hZD0lN0IlN0Q=' : 'payload=%7B%7D' },
    ]);
  });

  it.each([
    ['GET', '/cases/x', 'GET /cases/{thing}', { thing: 'x' }],
    ['GET', '/cases/all', 'GET /cases/all', undefined],
    ['GET', '/cases/a%2Fb', 'GET /cases/{thing}', { thing: 'a/b' }],
    ['GET', '/cases/%zz', 'GET /cases/{thing}', { thing: '%zz' }],
    ['GET', '/cases/x/a/b', 'GET /cases/{rest+}', { rest: 'x/a/b' }],
    ['GET', '/cases/x/', 'GET /cases/{rest+}', { rest: 'x/' }],
  ])('takes the best matching route: %s %s', async (method, path, routeKey, pathParameters) => {
    const url = await serve([
      { routeKey: 'GET /cases/{rest+}' },
      { routeKey: 'GET /cases/{thing}' },
      { routeKey: 'GET /cases/all' },
      { routeKey: 'GET /cases', apiId: 'other' },
    ]);

    await fetch(url + path, { method });

    expect(events).toMatchObject([{ routeKey, ...(pathParameters && { pathParameters }) }]);
  });

  it.each([
    ['GET', '/cases'],
    ['GET', '/cases/'],
    ['GET', '/cases/x/'],
    ['GET', '/cases/x/timeline'],
    ['POST', '/cases/x'],
    ['OPTIONS', '/cases/x'],
    ['GET', '/files'],
    ['GET', '/files/'],
  ])('without a matching route is answered with 404: %s %s', async (method, path) => {
    const url = await serve([
      { routeKey: 'GET /cases/{thing}' },
      { routeKey: 'GET /files/{file+}' },
      { routeKey: 'GET /cases', apiId: 'other' },
    ]);

    const answer = await fetch(url + path, { method });

    expect([answer.status, await answer.json(), events]).toEqual([404, { message: 'Not Found' }, []]);
  });

  it('may have 10 MB, and not more than Lambda accepts', async () => {
    const url = await serve([{ routeKey: 'POST /' }]);
    const post = async (body: Buffer) => (await fetch(`${url}/`, { method: 'POST', body })).status;

    expect(await post(Buffer.alloc(10 * 1024 * 1024))).toBe(201);
    expect(await post(Buffer.alloc(10 * 1024 * 1024 + 1))).toBe(413);
    expect(events).toHaveLength(1);
    answerWith = () => Promise.reject(new PayloadTooLargeError(1, 1));
    expect(await post(Buffer.from('x'))).toBe(413);
  }, 180_000);
});

describe('the answer of a function', () => {
  it.each([
    ['a value without a status', { ok: true }, 200, '{"ok":true}', 'application/json'],
    ['a text', 'hello', 200, '"hello"', 'application/json'],
    ['base64', { statusCode: 200, body: 'w6Q=', isBase64Encoded: true }, 200, 'ä', null],
    ['no body', { statusCode: 204 }, 204, '', null],
    [
      'a status that is none',
      { statusCode: 'x' },
      500,
      '{"message":"Internal Server Error"}',
      'application/json',
    ],
  ])('is sent to the caller: %s', async (_, payload, status, body, type) => {
    const url = await serve([{}]);
    answerWith = async () => succeed(payload);

    const answer = await fetch(`${url}/`);

    expect([answer.status, await answer.text(), answer.headers.get('content-type')]).toEqual([
      status,
      body,
      type,
    ]);
  });

  it('reveals only the status of a failure', async () => {
    const url = await serve([{}]);
    answerWith = async () => ({
      status: 'failed',
      requestId: 'r',
      error: { errorType: 'Error', errorMessage: 'secret' },
    });

    const answer = await fetch(`${url}/`);

    expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
  });

  it('is awaited no longer than the timeout of the integration', async () => {
    const url = await serve([{ timeoutMs: 50 }]);
    answerWith = () => new Promise(() => undefined);

    expect((await fetch(`${url}/`)).status).toBe(503);
  });
});

describe('a route for signed requests', () => {
  const iam = { authorization: { type: 'AWS_IAM' as const }, routeKey: 'GET /cases/{thing}' };
  const signed = (accessKeyId: string, service = 'execute-api', region: string = identity.region) => ({
    authorization: `AWS4-HMAC-SHA256 Credential=${accessKeyId}/20261124/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`,
  });
  const register = (accessKeyId: string, Resource: string) =>
    callers.set(accessKeyId, {
      caller: { accessKeyId, arn: `arn:aws:sts::0:assumed-role/r/${accessKeyId}`, functionName: accessKeyId },
      documents: [
        { Version: '2012-10-17', Statement: { Effect: 'Allow', Action: 'execute-api:Invoke', Resource } },
      ],
    });

  it('passes the identity of the caller to the function', async () => {
    const url = await serve([iam]);

    expect((await fetch(`${url}/cases/x`, { headers: signed('AKIAOPERATOR') })).status).toBe(201);

    expect(events[0]?.requestContext.authorizer).toEqual({
      iam: {
        accessKey: 'AKIAOPERATOR',
        accountId: identity.accountId,
        callerId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
        cognitoIdentity: null,
        principalOrgId: null,
        userArn: 'arn:aws:iam::0:user/ada',
        userId: expect.stringMatching(/^AIDA[0-9A-F]{17}$/),
      },
    });
  });

  it('accepts a role by its policy, method and path', async () => {
    const url = await serve([iam]);
    register('ASIAREADER', 'arn:aws:execute-api:us-east-1:000000000000:api1/*/GET/cases/*');
    register('ASIAWRITER', 'arn:aws:execute-api:us-east-1:000000000000:api1/*/POST/*');

    expect((await fetch(`${url}/cases/x`, { headers: signed('ASIAREADER') })).status).toBe(201);
    expect((await fetch(`${url}/cases/x`, { headers: signed('ASIAWRITER') })).status).toBe(403);
  });

  it.each([
    ['nobody', {}],
    ['an unknown key', signed('AKIAOTHER')],
    ['another service', signed('AKIAOPERATOR', 'sqs')],
    ['another region', signed('AKIAOPERATOR', 'execute-api', 'eu-west-1')],
    ['a token', { authorization: 'Bearer x' }],
  ])('refuses %s', async (_, headers: Record<string, string>) => {
    const url = await serve([iam]);

    const answer = await fetch(`${url}/cases/x`, { headers });

    expect([answer.status, await answer.json(), events]).toEqual([403, { message: 'Forbidden' }, []]);
    expect(warnings).toHaveLength(1);
  });
});

describe('a route for tokens', () => {
  let issuer: Issuer;
  let otherKey: CryptoKey;

  beforeAll(async () => {
    issuer = await startIssuer();
    otherKey = (await generateKeyPair('RS256')).privateKey;
  });
  afterAll(() => issuer.close());

  const now = () => Math.floor(Date.now() / 1_000);
  const issue = (claims: Readonly<Record<string, unknown>>, key?: CryptoKey) =>
    issuer.issue({ aud: 'cordon', sub: 's-1', ...claims }, key);
  const open = () =>
    serve([
      { authorization: { type: 'JWT', authorizer: { issuer: issuer.url, audience: ['cordon', 'cli'] } } },
    ]);
  const ask = async (authorization: string) =>
    (await fetch(await open(), { headers: { authorization } })).status;

  it('passes the claims to the function, each as a text', async () => {
    const token = await issue({
      groups: ['dev', 'cordon-operators'],
      email_verified: true,
      email: 'a@example.com',
    });

    expect(await ask(`Bearer ${token}`)).toBe(201);

    expect(events[0]?.requestContext.authorizer).toEqual({
      jwt: {
        claims: {
          iss: issuer.url,
          aud: 'cordon',
          exp: expect.stringMatching(/^\d+$/),
          sub: 's-1',
          groups: '[dev cordon-operators]',
          email: 'a@example.com',
          email_verified: 'true',
        },
        scopes: null,
      },
    });
  });

  it('accepts a client id if there is no audience', async () => {
    expect(await ask(await issue({ aud: undefined, client_id: 'cli' }))).toBe(201);
    expect(await ask(await issue({ aud: 'other', client_id: 'cli' }))).toBe(401);
  });

  it.each([
    ['another issuer', { iss: 'http://127.0.0.1:9' }],
    ['another audience', { aud: 'other' }],
    ['no audience', { aud: undefined }],
    ['the past', { exp: 1_600_000_000 }],
    ['no end', { exp: undefined }],
    ['the future', { nbf: 4_000_000_000 }],
  ])('refuses a token of %s', async (_, claims) => {
    expect([await ask(`Bearer ${await issue(claims)}`), events]).toEqual([401, []]);
  });

  it('refuses a token that its issuer did not sign', async () => {
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(
      JSON.stringify({ iss: issuer.url, aud: 'cordon', exp: now() + 60 }),
    ).toString('base64url')}.`;

    for (const token of [await issue({}, otherKey), unsigned, 'x', ''])
      expect(await ask(`Bearer ${token}`)).toBe(401);
    expect(
      await ask('AWS4-HMAC-SHA256 Credential=AKIAOPERATOR/20261124/us-east-1/execute-api/aws4_request'),
    ).toBe(401);
    expect(events).toEqual([]);
  });

  it('refuses, and says so, if the issuer does not answer', async () => {
    const url = await serve([
      { authorization: { type: 'JWT', authorizer: { issuer: 'http://127.0.0.1:9', audience: ['cordon'] } } },
    ]);

    const answer = await fetch(url, { headers: { authorization: `Bearer ${await issue({})}` } });

    expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(warnings[0]).toBe(
      'the keys of the issuer http://127.0.0.1:9 could not be read: every token is refused',
    );
  });
});

describe('a page of another origin', () => {
  const cors = {
    allowOrigins: ['https://console.example'],
    allowMethods: ['GET'],
    allowHeaders: ['authorization'],
    exposeHeaders: ['etag'],
    maxAgeSeconds: 600,
  };
  const preflight = (origin: string) => ({
    method: 'OPTIONS',
    headers: { origin, 'access-control-request-method': 'GET' },
  });

  it('may call if the template names its origin, without invoking the function', async () => {
    const url = await serve([{}], { cors });

    const asked = await fetch(`${url}/`, preflight('https://console.example'));
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': 'https://console.example',
      'access-control-allow-methods': 'GET',
      'access-control-allow-headers': 'authorization',
      'access-control-max-age': '600',
    });
    expect([asked.status, events]).toEqual([204, []]);
    const got = await fetch(`${url}/`, { headers: { origin: 'https://console.example' } });
    expect(got.headers.get('access-control-allow-origin')).toBe('https://console.example');
    expect(got.headers.get('access-control-expose-headers')).toBe('etag');
  });

  it('may not call if the template does not name its origin', async () => {
    const named = await serve([{}], { cors });
    const none = await serve([{}]);

    for (const url of [named, none]) {
      const got = await fetch(`${url}/`, { headers: { origin: 'https://evil.example' } });
      expect(got.headers.get('access-control-allow-origin')).toBeNull();
      const asked = await fetch(`${url}/`, preflight('https://evil.example'));
      expect(asked.headers.get('access-control-allow-origin')).toBeNull();
    }
  });
});
