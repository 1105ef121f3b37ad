import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CliError } from '../cli-error';
import type { ApiAnswer, SignedApi } from './api';
import type { ConsoleFile } from './files';
import { apiPrefix, findRefusal, isApi } from './refuse';
import { createSessions, type Sessions } from './session';

export interface ConsoleOptions {
  readonly files: ReadonlyMap<string, ConsoleFile>;
  readonly api: SignedApi;
  /** What the server tells the page about the stack. */
  readonly about: Readonly<Record<string, unknown>>;
  /** 0 takes a free port. */
  readonly port: number;
}

export interface ConsoleServer {
  /** A link that opens the console once. */
  issueLink(): string;
  close(): Promise<void>;
}

const maxBodyBytes = 262_144;

/** Serves the page on loopback to the browser that opened its link, and forwards the page's calls to the API. */
export async function startConsole(options: ConsoleOptions): Promise<ConsoleServer> {
  let port = 0;
  let sessions: Sessions = createSessions('');
  const server = createServer((message, response) => {
    answer(message, port, sessions, options).then(
      (result) => write(response, result),
      (error: unknown) => write(response, problem(502, explain(error))),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  port = (server.address() as AddressInfo).port;
  // Cookies know no ports: two consoles must not take each other's.
  sessions = createSessions(`cordon-console-${port}`);
  return {
    issueLink: () => `http://127.0.0.1:${port}/open?key=${sessions.issueKey()}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  message: IncomingMessage,
  port: number,
  sessions: Sessions,
  options: ConsoleOptions,
): Promise<ApiAnswer> {
  const method = message.method ?? '';
  const { path, query } = split(message.url ?? '/');
  const headers = Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [name, value?.toString()]),
  );
  const refusal = findRefusal({ method, path, headers }, port);
  if (refusal) return problem(403, refusal);
  if (path === '/open') return open(new URLSearchParams(query).get('key') ?? '', headers.cookie, sessions);
  if (!sessions.isOpen(headers.cookie)) return isApi(path) ? problem(401, closed) : text(401, closed);
  if (isApi(path)) return callApi(message, method, { path, query }, options.api);
  return method === 'GET' ? showFile(path, options) : problem(405, 'only the API takes a POST');
}

const closed =
  'This console is not open in this browser: open the link that cordon console printed, or press Enter there for a new one.';

function open(key: string, cookies: string | undefined, sessions: Sessions): ApiAnswer {
  const cookie = sessions.redeem(key);
  const location = '/console/';
  if (cookie) return empty(303, { location, 'set-cookie': cookie });
  if (sessions.isOpen(cookies)) return empty(303, { location });
  return text(403, `This link was used already, or is of an earlier run. ${closed}`);
}

function showFile(path: string, { files, about }: ConsoleOptions): ApiAnswer {
  if (path === '/') return empty(303, { location: '/console/' });
  if (path === '/console/config.json') return json(200, { api: apiPrefix, ...about });
  const name = path.startsWith('/console/') ? path.slice('/console/'.length) : '';
  // The page's own addresses: it reads them itself.
  const file = files.get(name) ?? (name.startsWith('assets/') ? undefined : files.get('index.html'));
  if (!file) return text(404, 'There is no such file.');
  return { status: 200, headers: file.headers, body: file.body };
}

async function callApi(
  message: IncomingMessage,
  method: string,
  { path, query }: { readonly path: string; readonly query: string },
  api: SignedApi,
): Promise<ApiAnswer> {
  const body = await readBody(message);
  if (!body) return problem(413, `a request has at most ${maxBodyBytes} bytes`);
  const { 'if-none-match': known, 'content-type': type, accept } = message.headers;
  const answered = await api({
    method,
    path: `${path.slice(apiPrefix.length)}${query === '' ? '' : `?${query}`}`,
    headers: {
      ...(known !== undefined && { 'if-none-match': known }),
      ...(accept !== undefined && { accept }),
      ...(method === 'POST' && type !== undefined && { 'content-type': type }),
    },
    body,
  });
  return findDenial(answered) ?? { ...answered, headers: { ...bare, ...answered.headers } };
}

/**
 * Words for a refusal of API Gateway before the function sees the request: API Gateway itself says only `Forbidden`, or
 * that a token is expired.
 */
function findDenial({ status, headers, body }: ApiAnswer): ApiAnswer | undefined {
  if (status !== 403 || headers['content-type']?.startsWith('application/problem+json')) return undefined;
  return /token[^"]*(expired|invalid)/i.test(body.toString())
    ? problem(401, 'your AWS credentials have expired: sign in again, where cordon console runs')
    : problem(
        403,
        'IAM does not permit you this, or your AWS credentials have expired: docs/operating.md lists the rights',
      );
}

function readBody(message: IncomingMessage): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    message.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBodyBytes) chunks.push(chunk);
    });
    message.on('end', () => resolve(length > maxBodyBytes ? undefined : Buffer.concat(chunks)));
    message.on('error', reject);
  });
}

function split(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

const bare = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' };

function text(status: number, words: string): ApiAnswer {
  const headers = { ...bare, 'content-type': 'text/plain; charset=utf-8' };
  return { status, headers, body: Buffer.from(`${words}\n`) };
}

function json(status: number, value: unknown, type = 'application/json'): ApiAnswer {
  return { status, headers: { ...bare, 'content-type': type }, body: Buffer.from(JSON.stringify(value)) };
}

function problem(status: number, detail: string): ApiAnswer {
  return json(status, { type: 'about:blank', status, detail }, 'application/problem+json');
}

function empty(status: number, headers: Readonly<Record<string, string>>): ApiAnswer {
  return { status, headers: { ...bare, ...headers }, body: Buffer.alloc(0) };
}

function explain(error: unknown): string {
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'CredentialsProviderError' || /token.*expired|expired.*token/i.test(message))
    return `your AWS credentials are not there or have expired: sign in again (${message})`;
  if (error instanceof CliError) return message;
  if (name === 'TimeoutError') return 'the API did not answer in time';
  const isLost =
    name === 'TypeError' || (error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED');
  return isLost ? 'the API cannot be reached' : `the request failed: ${message}`;
}

function write(response: ServerResponse, { status, headers, body }: ApiAnswer): void {
  if (response.destroyed) return;
  const length = status === 304 ? {} : { 'content-length': body.length };
  response.writeHead(status, { ...headers, ...length });
  response.end(body);
}
