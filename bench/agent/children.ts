import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A watched program that starts children and waits for each. */
export interface App {
  readonly name: string;
  /** Resolves when the child has been waited for. */
  startChild(lifeMs: number): Promise<void>;
  close(): Promise<void>;
}

/** A copy of the shell under another name, as Device Defender's tutorial has it. */
export async function startApp(folder: string, name: string): Promise<App> {
  const path = join(folder, name);
  await copyFile(await realpath('/bin/sh'), path);
  await chmod(path, 0o755);
  const shell = spawn(path, [], { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(shell, 'close');
  return {
    name,
    startChild: async (lifeMs) => {
      const done = once(shell.stdout, 'data');
      shell.stdin.write(`sleep ${lifeMs / 1000}; echo done\n`);
      await done;
    },
    close: async () => {
      shell.stdin.end();
      await ended;
    },
  };
}

/** The reports about the children of an app, as they come. */
export interface Watched {
  readonly app: App;
  latest: number | undefined;
  wasSeen: boolean;
}

export function note(watched: readonly Watched[], text: string): void {
  for (const one of watched) {
    // A report in JSON; the names of apps hold nothing that has a meaning here.
    const match = new RegExp(`num_child_procs_${one.app.name}"?: ?\\[\\{"number"?: ?(\\d+)`).exec(text);
    if (!match) continue;
    one.latest = Number(match[1]);
    if (one.latest > 0) one.wasSeen = true;
  }
}

const pollMs = 20;
/** How long the end of children may take to be reported, even on a machine that has much else to do. */
const quietPatienceMs = 60_000;
/** The jitter of a child's start, so that no agent's own rhythm decides which children it sees. */
const mostJitterMs = 1000;

/** The number of children, of one in each round, that reports had, until `patienceMs` after their end. */
export async function countSeen(
  one: Watched,
  { lifeMs, rounds, patienceMs }: { lifeMs: number; rounds: number; patienceMs: number },
  signal: AbortSignal,
): Promise<number> {
  let seen = 0;
  for (let round = 0; round < rounds; round += 1) {
    const isQuiet = await until(() => one.latest === 0, quietPatienceMs, signal);
    if (!isQuiet) throw new Error(`no report says that ${one.app.name} has no children`);
    await delay(Math.random() * mostJitterMs, undefined, { signal });
    one.wasSeen = false;
    await one.app.startChild(lifeMs);
    if (await until(() => one.wasSeen, patienceMs, signal)) seen += 1;
  }
  return seen;
}

async function until(isSo: () => boolean, patienceMs: number, signal: AbortSignal): Promise<boolean> {
  for (const end = performance.now() + patienceMs; performance.now() < end; ) {
    if (isSo()) return true;
    await delay(pollMs, undefined, { signal });
  }
  return isSo();
}
