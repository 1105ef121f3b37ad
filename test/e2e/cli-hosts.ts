import { type ChildProcess, spawn } from 'node:child_process';
import { Socket } from 'node:net';
import { join } from 'node:path';

interface Command {
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Output {
  out: string;
  err: string;
}

/** Collects what a program says. */
export function listen(child: ChildProcess, output: Output, onOutput: () => void): void {
  const streams = [
    ['out', child.stdout],
    ['err', child.stderr],
  ] as const;
  for (const [name, stream] of streams)
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output[name] += chunk;
      onOutput();
    });
}

/** Those that wait for a command. They end with this process. */
const idle: ChildProcess[] = [];
/** A warning may follow it, such as one about listeners: that is part of what the command, or the next one, says. */
const ended = /\0(\d+)\0/;

/** Runs a command in a process that has the program loaded: what it says, and its exit code, even if it ends that process. */
export async function runInHost(
  command: Command,
): Promise<{ readonly code: number; readonly output: Output }> {
  const host = idle.pop() ?? startHost();
  const output = { out: '', err: '' };
  const code = await new Promise<number>((resolve) => {
    host.once('close', (code) => resolve(Number(code)));
    listen(host, output, () => {
      const code = ended.exec(output.out)?.[1];
      if (code !== undefined && ended.test(output.err)) resolve(Number(code));
    });
    host.send(command);
  });
  host.removeAllListeners('close');
  for (const stream of [host.stdout, host.stderr]) stream?.removeAllListeners('data');
  if (host.connected) idle.push(host);
  return { code, output: { out: output.out.replace(ended, ''), err: output.err.replace(ended, '') } };
}

function startHost(): ChildProcess {
  const host = spawn(process.execPath, [join(import.meta.dirname, 'cli-host.mjs')], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  host.unref();
  host.channel?.unref();
  for (const stream of [host.stdout, host.stderr]) if (stream instanceof Socket) stream.unref();
  return host;
}
