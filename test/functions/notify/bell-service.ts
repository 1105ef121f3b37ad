import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The service of the throw-away channel `bell`: it keeps the newest text of each case, of callers with its secret. */
export interface BellService {
  /** Ends with a slash. */
  readonly url: string;
  /** The newest text by case. */
  texts(): ReadonlyMap<string, string>;
  /** While it is on, nothing is answered. */
  hang(isOn: boolean): void;
  /** Requests that nobody answered. */
  hanging(): number;
  close(): Promise<void>;
}

const maxText = 500;

export async function startBellService(secret: string): Promise<BellService> {
  const texts = new Map<string, string>();
  let isHanging = false;
  let hanging = 0;
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    if (isHanging) {
      hanging += 1;
      return;
    }
    const [, caseId] = /^\/[a-z]+\/([^/]+)$/.exec(request.url ?? '') ?? [];
    const { text } = JSON.parse(body) as { text?: unknown };
    const isWell = request.method === 'PUT' && caseId && typeof text === 'string' && text.length <= maxText;
    const isAllowed = request.headers.authorization === `Bearer ${secret}`;
    if (isWell && isAllowed) texts.set(decodeURIComponent(caseId), text);
    response.writeHead(isAllowed ? (isWell ? 204 : 400) : 401);
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    texts: () => texts,
    hang: (isOn) => {
      isHanging = isOn;
    },
    hanging: () => hanging,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
