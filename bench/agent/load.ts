import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

export interface Load {
  close(): Promise<void>;
}

const pollMs = 50;

export function countProcesses(): number {
  return readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)).length;
}

/** Starts sleeping processes until there are `total` on this machine; if there are more already, none. */
export async function fillProcesses(total: number, signal: AbortSignal): Promise<Load> {
  const before = countProcesses();
  const missing = total - before - 1;
  if (missing <= 0) return { close: async () => undefined };
  const script = `i=0; while [ $i -lt ${missing} ]; do sleep 86400 >/dev/null & i=$((i+1)); done; echo; wait`;
  const shell = spawn('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const ended = once(shell, 'exit');
  // It writes a line once all of them run. The machine may run other processes too.
  await Promise.race([once(shell.stdout, 'data', { signal }), ended]).catch((error: unknown) => {
    if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
    throw error;
  });
  return {
    close: async () => {
      if (shell.pid !== undefined) process.kill(-shell.pid, 'SIGKILL');
      await ended;
      // The process that adopts orphans must have waited for each of them before the next measurement.
      while (countProcesses() > before + missing / 2 && !signal.aborted) await delay(pollMs);
    },
  };
}

/** Holds this many TCP connections on 127.0.0.1, both ends in this process. */
export async function openConnections(count: number): Promise<Load> {
  const accepted: Socket[] = [];
  const server = createServer((socket) => accepted.push(socket)).listen(0, '127.0.0.1', count);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const sockets: Socket[] = [];
  for (let opened = 0; opened < count; opened += 1) {
    const socket = connect(port, '127.0.0.1');
    sockets.push(socket);
    await once(socket, 'connect');
  }
  while (accepted.length < count) await delay(pollMs);
  return {
    close: async () => {
      // Without TIME_WAIT, which the next measurement would see.
      for (const socket of [...sockets, ...accepted]) socket.resetAndDestroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
