import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const folder = join(tmpdir(), 'cordon-tests-myapp');
const holder = join(folder, 'pid');

/**
 * Has one test file at a time run what the shipped configuration watches: every agent of the machine sees a process
 * called myapp and its children, and Jest runs several files at once. Waits for the file whose turn it is.
 */
export async function takeTurn(): Promise<void> {
  for (;;) {
    try {
      mkdirSync(folder);
      writeFileSync(holder, String(process.pid));
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (isLeft()) endTurn();
    await delay(100);
  }
}

export function endTurn(): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Whether whoever took the turn has ended without ending it. */
function isLeft(): boolean {
  try {
    process.kill(Number(readFileSync(holder, 'utf8')), 0);
    return false;
  } catch (error) {
    // A holder that has yet to write its pid is there.
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

/** The time that the others may take. */
export const turnTimeoutMs = 900_000;
