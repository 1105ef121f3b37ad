import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** An empty object if it is absent. */
  readonly body?: string;
}

/** Headers that belong to the connection, not to the request. */
const ownHeaders: ReadonlySet<string> = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
]);

/** Stands between a channel and its service: hands requests on, or fails them as a network or a busy service does. */
export interface FaultyRelay {
  /** Ends with a slash, as the base URL of a service does. */
  readonly url: string;
  /** How many requests came. */
  calls(): number;
  /** Answers the next request in the service's place. */
  refuseNext(refusal: Refusal): void;
  /** While it is on, no request is answered. */
  hang(isOn: boolean): void;
  close(): Promise<void>;
}

export async function startFaultyRelay(target: string): Promise<FaultyRelay> {
  let calls = 0;
  let isHanging = false;
  const refusals: Refusal[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    calls += 1;
    if (isHanging) return;
    const refusal = refusals.shift();
    if (refusal) {
      response.writeHead(refusal.status, refusal.headers);
      response.end(refusal.body ?? '{}');
      return;
    }
    const sent = Object.entries(request.headers).flatMap(([name, value]): [string, string][] =>
      typeof value === 'string' && !ownHeaders.has(name) ? [[name, value]] : [],
    );
    const answer = await fetch(new URL(`.${request.url}`, target), {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(sent),
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const headers = Object.fromEntries(
      ['content-type', 'retry-after'].flatMap((name) => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    response.writeHead(answer.status, headers);
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    calls: () => calls,
    refuseNext: (refusal) => void refusals.push(refusal),
    hang: (isOn) => {
      isHanging = isOn;
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
