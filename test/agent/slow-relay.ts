import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface SlowRelay {
  /** Connections that it took. */
  readonly connections: () => number;
  /** Acts like a NAT that lost its table: the open connections carry nothing any more, and neither side is told. */
  forget(what?: 'all' | 'answers'): void;
  close(): Promise<void>;
}

interface Pair {
  forgotten: 'nothing' | 'answers' | 'all';
  heardAt: number;
}

interface Way {
  /** The delay of each direction. */
  readonly delayMs: number;
  /** How long a connection may be silent now before the relay forgets it. */
  readonly idleMs?: () => number;
}

/** Takes connections at `from`, a port of 127.0.0.1 or the path of a socket, and carries them to a port of 127.0.0.1. */
export async function startSlowRelay(
  from: number | string,
  port: () => number,
  { delayMs, idleMs = () => Number.POSITIVE_INFINITY }: Way,
): Promise<SlowRelay & { readonly server: Server }> {
  const pairs = new Set<Pair>();
  const sockets = new Set<Socket>();
  let connections = 0;
  const carry = (source: Socket, target: Socket, pair: Pair, isAnswer: boolean): void => {
    const isLost = (): boolean => pair.forgotten === 'all' || (isAnswer && pair.forgotten === 'answers');
    const later = (act: () => void): void => void setTimeout(() => isLost() || act(), delayMs);
    source.on('data', (chunk) => {
      const now = performance.now();
      if (now - pair.heardAt > idleMs()) pair.forgotten = 'all';
      pair.heardAt = now;
      later(() => target.write(chunk));
    });
    source.on('error', () => undefined);
    source.on('close', () => later(() => target.destroy()));
  };
  const server = createServer((near) => {
    connections += 1;
    const far = connect(port(), '127.0.0.1');
    const pair: Pair = { forgotten: 'nothing', heardAt: performance.now() };
    pairs.add(pair);
    for (const socket of [near, far]) sockets.add(socket.once('close', () => sockets.delete(socket)));
    carry(near, far, pair, false);
    carry(far, near, pair, true);
  });
  if (typeof from === 'string') server.listen(from);
  else server.listen(from, '127.0.0.1');
  await once(server, 'listening');
  return {
    server,
    connections: () => connections,
    forget: (what = 'all') => {
      for (const pair of pairs) pair.forgotten = what;
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
