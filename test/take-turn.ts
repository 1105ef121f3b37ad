import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

let held: Server | undefined;

/**
 * Lets only one test file at a time run a process that the shipped configuration watches: Jest runs several files at
 * once, and every agent on the machine sees each process called myapp and its children. Waits for its turn.
 */
export async function takeTurn(name = 'cordon-tests-myapp', pollMs = 100): Promise<void> {
  for (;;) {
    const server = createServer().unref();
    try {
      // An abstract socket has one holder. Linux frees it when its process ends, even if killed, so that nobody needs to take over.
      await once(server.listen(`\0${name}`), 'listening');
      held = server;
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    }
    await delay(pollMs);
  }
}

export function endTurn(): void {
  held?.close();
}

/** The time that the others may take. */
export const turnTimeoutMs = 900_000;
