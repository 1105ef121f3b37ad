import type { IncomingHttpHeaders } from 'node:http';
import { request as overHttps } from 'node:https';
import type { LookupFunction } from 'node:net';

interface Request {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  readonly lookup?: LookupFunction | undefined;
  /** Characters of the answer; the rest is not read. */
  readonly answerMax?: number;
}

interface Answer {
  readonly status: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/**
 * Sends a request over a connection of its own, and follows no redirect. Lambda freezes a function between two calls, and a connection
 * that is kept may have ended meanwhile without a sign. `fetch` would load undici first, which is a quarter of the cold start of a
 * function that has Node's HTTP client for AWS anyway.
 */
export function sendRequest(url: string | URL, request: Request): Promise<Answer> {
  const { method, headers, body, signal, lookup, answerMax = Number.POSITIVE_INFINITY } = request;
  const target = new URL(url);
  // An `import` of node:http reads all that it exports, and three of these load undici.
  const open = target.protocol === 'https:' ? overHttps : process.getBuiltinModule('node:http').request;
  return new Promise((resolve, reject) => {
    const call = open(
      target,
      {
        ...{
          method,
          agent: false,
          headers: { ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }), ...headers },
        },
        ...(signal && { signal }),
        ...(lookup && { lookup }),
      },
      (response) => {
        const { statusCode: status = 0, statusMessage: statusText = '', headers: answered } = response;
        let text = '';
        const finish = () => resolve({ status, statusText, headers: answered, text });
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (text.length <= answerMax) return;
          finish();
          response.destroy();
        });
        response.on('end', finish);
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}
