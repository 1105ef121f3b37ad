import { Sha256 } from '@smithy/core/checksum';
import { SignatureV4 } from '@smithy/signature-v4';

interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface ApiCall {
  readonly method: string;
  /** The path with the query, as it was sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface ApiAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type SignedApi = (call: ApiCall) => Promise<ApiAnswer>;

const patienceMs = 20_000;
/** The parts of an answer that the page needs. */
const passedOn = ['content-type', 'etag', 'retry-after', 'content-disposition'];

/** Where the HTTP API is, and whose calls it accepts. Credentials are read again for each call. */
export interface Api {
  readonly url: string;
  readonly region: () => Promise<string>;
  readonly credentials: () => Promise<Credentials>;
}

/**
 * Sends calls to the HTTP API, signed with the operator's own credentials. After a call without an answer, `find` looks again:
 * the API of a restarted local stack, or of a stack that was deployed again, has another address.
 */
export function connectApi(find: () => Promise<Api>): SignedApi {
  let found: Promise<Api> | undefined;
  return async (call) => {
    found ??= find();
    try {
      return await send(await found, call);
    } catch (error) {
      found = undefined;
      throw error;
    }
  };
}

async function send(
  { url, region, credentials }: Api,
  { method, path, headers, body }: ApiCall,
): Promise<ApiAnswer> {
  const { protocol, host, hostname, port } = new URL(url);
  const [bare = '/', query = ''] = splitOnce(path, '?');
  const signer = new SignatureV4({
    service: 'execute-api',
    region: await region(),
    credentials: await credentials(),
    sha256: Sha256,
  });
  const signed = await signer.sign({
    method,
    protocol,
    hostname,
    ...(port !== '' && { port: Number(port) }),
    path: bare,
    query: readQuery(query),
    headers: { ...headers, host },
    ...(body.length > 0 && { body }),
  });
  const response = await fetch(`${protocol}//${host}${path}`, {
    method,
    headers: signed.headers,
    ...(body.length > 0 && { body: new Uint8Array(body) }),
    // A redirect would take the signature elsewhere.
    redirect: 'error',
    signal: AbortSignal.timeout(patienceMs),
  });
  return {
    status: response.status,
    headers: Object.fromEntries(
      passedOn.flatMap((name) => {
        const value = response.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    ),
    body: Buffer.from(await response.arrayBuffer()),
  };
}

function readQuery(text: string): Record<string, string | string[]> {
  const query = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const values = query.getAll(name);
      return [name, values.length === 1 ? (values[0] ?? '') : values];
    }),
  );
}

function splitOnce(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}
