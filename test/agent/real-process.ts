import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface RealApp {
  readonly pid: number;
  /** Has the app, a shell, run a command line. */
  run(commandLine: string): void;
  readonly output: () => string;
  close(): Promise<void>;
}

/** No other name: every agent of the machine sees the processes called myapp, also those of tests that run beside this one. */
export type RealAppName = `cordon${string}`;

/** Starts a copy of the shell under another name, as the tutorial does; it obeys its standard input. */
export function startRealApp(name: RealAppName): RealApp {
  const directory = mkdtempSync(join(tmpdir(), 'cordon-app-'));
  const path = join(directory, name);
  copyFileSync(realpathSync('/bin/sh'), path);
  chmodSync(path, 0o755);
  const app: ChildProcessWithoutNullStreams = spawn(path, [], { stdio: 'pipe', detached: true });
  let output = '';
  app.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const ended = new Promise<void>((resolve) => app.once('close', () => resolve()));
  return {
    pid: app.pid ?? -1,
    run: (commandLine) => app.stdin.write(`${commandLine}\n`),
    output: () => output,
    close: async () => {
      // Its own process group, so that its children end with it.
      if (app.exitCode === null && app.signalCode === null && app.pid) process.kill(-app.pid, 'SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
