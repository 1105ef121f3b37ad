import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../start-error';

export interface AppProcess {
  readonly pid: number;
  /** Has the app launch a child that stays; resolves once it has its pid. */
  launchChild(): Promise<number>;
  killChild(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a real process named `myapp`: a copy of the shell, as the tutorial does, that obeys its standard input. */
export async function startApp(directory: string, name: string): Promise<AppProcess> {
  const shell = await realpath('/bin/sh');
  if (shell.endsWith('busybox'))
    throw new StartError(
      `/bin/sh is busybox, which can't run as ${name}: make /bin/sh a link to dash or bash`,
    );
  await mkdir(directory, { recursive: true });
  const file = join(directory, name);
  await copyFile(shell, file);
  await chmod(file, 0o755);
  // A process group of its own, so that its children end with it.
  const app = spawn(file, [], { stdio: ['pipe', 'pipe', 'ignore'], detached: true });
  await once(app, 'spawn');
  const { stdin, stdout, pid } = app;
  if (!stdin || !stdout || pid === undefined)
    throw new StartError(`the process ${name} started without a standard input, standard output or pid`);
  let printed = '';
  stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString('utf8');
  });
  const ask = async (line: string): Promise<string> => {
    printed = '';
    stdin.write(`${line}\n`);
    while (!printed.includes('\n')) await once(stdout, 'data');
    return printed.trim();
  };
  // However this process ends, the app reads the end of its input then, and takes its child with it.
  stdin.write(`trap 'kill 0' EXIT\n`);
  return {
    pid,
    launchChild: async () => Number(await ask('sleep 3600 & echo $!')),
    killChild: async () => {
      await ask('kill $!; wait $! 2>/dev/null; echo done');
    },
    stop: () => stopGroup(app),
  };
}

async function stopGroup(app: ChildProcess): Promise<void> {
  if (app.exitCode !== null || app.signalCode !== null || app.pid === undefined) return;
  const ended = once(app, 'exit');
  process.kill(-app.pid, 'SIGKILL');
  await ended;
}
