import type { files as packed } from 'cordon:console';
import { brotliDecompressSync } from 'node:zlib';
import type { HttpAnswer, HttpRequest } from '../../shared/http';
import type { Log } from '../../shared/ports/runtime';
import type { Provider } from './provider';

interface SignInSettings {
  readonly clientId: string;
  readonly scope: string;
  readonly loadProvider: () => Promise<Provider>;
}

export interface ConsolePorts {
  readonly files: typeof packed;
  readonly stage: string;
  readonly region: string;
  /** Undefined if the API takes SigV4. */
  readonly signIn: SignInSettings | undefined;
  readonly log: Log;
}

const secure = {
  'strict-transport-security': 'max-age=31536000',
  'cross-origin-resource-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
};
const unkept = { ...secure, 'cache-control': 'no-store' };

/** Serves the page to anybody: what it shows comes from the API, with a token. */
export function serveConsole(ports: ConsolePorts) {
  return async (request: HttpRequest): Promise<HttpAnswer> => {
    const answer = await find(request, ports);
    return request.requestContext.http.method === 'HEAD' ? { ...answer, body: '' } : answer;
  };
}

async function find(request: HttpRequest, ports: ConsolePorts): Promise<HttpAnswer> {
  const { files, signIn, log } = ports;
  if (!signIn) return text(200, explainLocal(ports));
  const name = request.rawPath.replace(/^\/console\/?/, '');
  if (isAsset(name))
    return Object.hasOwn(files, name) ? showAsset(request, name, files) : text(404, 'no such file');
  let provider: Provider;
  try {
    provider = await signIn.loadProvider();
  } catch (error) {
    log.error('the configuration of the issuer cannot be read: nobody can sign in', { error });
    return text(
      503,
      'The identity provider does not answer as expected. The log of the function console says why.',
    );
  }
  return name === 'config.json' ? showSettings(provider, signIn, ports) : showPage(request, provider, ports);
}

/** Its name contains a hash of its content, so caches may keep it for ever. */
const isAsset = (name: string) => name.startsWith('assets/');

function showAsset(request: HttpRequest, name: string, files: ConsolePorts['files']): HttpAnswer {
  const { etag = '' } = files[name] ?? {};
  const { headers = {}, ...answer } = compress(request, name, files);
  const tagged = { ...headers, etag };
  const known = (request.headers['if-none-match'] ?? '').split(',').map((one) => one.trim());
  return known.includes(etag) || known.includes(etag.replace(/^W\//, ''))
    ? { statusCode: 304, headers: tagged }
    : { ...answer, headers: tagged };
}

/** Every other address is one of the page's own: it reads them itself. */
function showPage(request: HttpRequest, { token_endpoint }: Provider, { files }: ConsolePorts): HttpAnswer {
  const { headers, ...answer } = compress(request, 'index.html', files);
  const policy = String(headers?.['content-security-policy'])
    .replace("connect-src 'self'", `connect-src 'self' ${new URL(token_endpoint).origin}`)
    .replace("frame-src 'self'; ", '');
  return { ...answer, headers: { ...headers, 'content-security-policy': policy } };
}

function showSettings(
  provider: Provider,
  { clientId, scope }: SignInSettings,
  { stage, region }: ConsolePorts,
) {
  return {
    statusCode: 200,
    headers: { ...unkept, 'content-type': 'application/json' },
    // The API is beside the page.
    body: JSON.stringify({
      api: '',
      where: `AWS ${region}, stage ${stage}`,
      signIn: { provider, clientId, scope },
    }),
  };
}

function compress({ headers: asked }: HttpRequest, name: string, files: ConsolePorts['files']): HttpAnswer {
  const { headers = {}, brotli = '' } = files[name] ?? {};
  const all = { ...headers, ...secure, vary: 'accept-encoding' };
  if (takesBrotli(asked['accept-encoding']))
    return {
      statusCode: 200,
      headers: { ...all, 'content-encoding': 'br' },
      body: brotli,
      isBase64Encoded: true,
    };
  const body = brotliDecompressSync(Buffer.from(brotli, 'base64')).toString('utf8');
  return { statusCode: 200, headers: all, body };
}

function takesBrotli(accepted = ''): boolean {
  return accepted.split(',').some((one) => {
    const [coding = '', weight = ''] = one.toLowerCase().split(';');
    return coding.trim() === 'br' && !/^\s*q=0(\.0*)?\s*$/.test(weight);
  });
}

function text(statusCode: number, body: string): HttpAnswer {
  return {
    statusCode,
    headers: {
      ...unkept,
      'content-type': 'text/plain; charset=utf-8',
      'content-security-policy': "default-src 'none'",
    },
    body: `${body}\n`,
  };
}

function explainLocal({ stage, region }: ConsolePorts): string {
  return `This stage was deployed without an identity provider, so nobody can sign in here.

Run the console on your own machine instead, with your AWS credentials:

  AWS_REGION=${region} cordon --aws --stage ${stage} console

To have it here, deploy with the parameters oidcIssuer and oidcAudience (docs/console.md).`;
}
