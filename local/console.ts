import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { jsonResponse, type LocalRequest, type LocalRoutes } from './aws/wire/local-routes';
import type { ApiResponse } from './types';

interface ConsoleOptions {
  /** `dist/console`: what scripts/build-console.mjs wrote. */
  readonly folder: string;
  /** Undefined until the stack is deployed. */
  readonly apiUrl: () => string | undefined;
  readonly region: string;
  /** The access key of the operator, in whose name the page acts. */
  readonly accessKeyId: () => string;
}

const prefix = '/console/api';
const patienceMs = 20_000;
const passedOn = ['content-type', 'etag', 'content-disposition'];

/** The console, as `cordon console` serves it: its page, and the HTTP API behind it, signed for the local operator. */
export function createConsole(options: ConsoleOptions): LocalRoutes {
  const serveFile = async ({ path }: LocalRequest): Promise<ApiResponse> => {
    const described: Record<string, Record<string, string>> = JSON.parse(
      await readFile(join(options.folder, 'files.json'), 'utf8'),
    );
    const name = path.slice('/console/'.length);
    const isFile = Object.hasOwn(described, name);
    if (!isFile && name.startsWith('assets/')) return jsonResponse({ error: 'no such file' }, 404);
    // The page's own addresses: it reads them itself.
    const found = isFile ? name : 'index.html';
    return {
      status: 200,
      headers: described[found] ?? {},
      body: await readFile(join(options.folder, found)),
    };
  };
  return {
    'GET /console': serveFile,
    'GET /console/config.json': () =>
      jsonResponse({
        api: prefix,
        where: 'the local stack',
        messages: '/_cordon/',
      }),
    [`GET ${prefix}/*`]: (request) => callApi(request, options),
    [`POST ${prefix}/*`]: (request) => {
      const { origin, host, 'content-type': type = '' } = request.headers;
      // A page of another port of this machine is not this page.
      if (origin !== `http://${host}` || !type.startsWith('application/json'))
        return jsonResponse({ detail: 'sent from another page' }, 403);
      return callApi(request, options);
    },
    'GET /console/*': serveFile,
  };
}

async function callApi(
  { method, path, query, headers, body }: LocalRequest,
  { apiUrl, region, accessKeyId }: ConsoleOptions,
): Promise<ApiResponse> {
  const url = apiUrl();
  if (url === undefined) return jsonResponse({ detail: 'the stack is not deployed yet' }, 503);
  const asked = query.size > 0 ? `?${query}` : '';
  const known = headers['if-none-match'];
  // The local API goes by the access key: a signature is not verified.
  const scope = `${accessKeyId()}/${new Date().toISOString().slice(0, 10).replaceAll('-', '')}/${region}/execute-api`;
  const response = await fetch(`${url}${path.slice(prefix.length)}${asked}`, {
    method,
    headers: {
      authorization: `AWS4-HMAC-SHA256 Credential=${scope}/aws4_request, SignedHeaders=host, Signature=0`,
      ...(known !== undefined && { 'if-none-match': known }),
      ...(method === 'POST' && { 'content-type': 'application/json' }),
    },
    ...(body.length > 0 && { body: new Uint8Array(body) }),
    signal: AbortSignal.timeout(patienceMs),
  });
  const kept = passedOn.flatMap((name) => {
    const value = response.headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  return {
    status: response.status,
    headers: { ...Object.fromEntries(kept), 'cache-control': 'no-store' },
    body: Buffer.from(await response.arrayBuffer()),
  };
}
