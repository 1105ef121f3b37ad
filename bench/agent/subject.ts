import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** A program under measurement: it and what it started, as one. */
export interface Subject {
  /** CPU milliseconds so far, with children that were waited for. */
  cpuMs(): number;
  residentMb(): number;
  stop(): Promise<void>;
}

/**
 * The flags of Node and the environment with which the unit runs the agent (infra/agent-package/cordon-agent.service).
 */
export const asUnit = {
  flags: [
    '--no-node-snapshot',
    '--v8-pool-size=1',
    '--max-semi-space-size=1',
    '--no-opt',
    '--max-optimized-bytecode-size=0',
    '--optimize-for-size',
  ],
  env: { MALLOC_ARENA_MAX: '1', MALLOC_TRIM_THRESHOLD_: '65536' },
} as const;

/** USER_HZ is 100 on every Linux Node runs on (proc_pid_stat(5)). */
const tickMs = 10;

/** A measured program ended by itself, so all later measurements are void. */
export class UnexpectedEndError extends Error {
  override name = 'UnexpectedEndError';
}

/** Starts a program in a process group of its own; each line of its output goes to `onLine`. Throws if it ends early. */
export function startSubject(
  command: readonly [string, ...string[]],
  onLine: (line: string) => void,
  onUnexpectedEnd: (reason: string) => void,
  env: NodeJS.ProcessEnv = {},
): Subject {
  const [program, ...args] = command;
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, ...env },
  });
  const { pid } = child;
  let isStopping = false;
  let lastWords = '';
  onLines(child.stdout, onLine);
  onLines(child.stderr, (line) => {
    lastWords = line;
    onLine(line);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('error', ({ message }) => onUnexpectedEnd(`${program}: ${message}`));
    child.once('close', (code) => {
      if (!isStopping) onUnexpectedEnd(`${command.join(' ')} ended with ${code}: ${lastWords}`);
      resolve();
    });
  });
  return {
    cpuMs: () => membersOf(pid).reduce((sum, { cpuTicks }) => sum + cpuTicks * tickMs, 0),
    residentMb: () => membersOf(pid).reduce((sum, { residentKb }) => sum + residentKb / 1024, 0),
    stop: async () => {
      isStopping = true;
      await endGroup(child, ended);
    },
  };
}

const patienceMs = 3000;

async function endGroup(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGTERM');
  await Promise.race([ended, delay(patienceMs, undefined, { ref: false })]);
  if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, 'SIGKILL');
  await ended;
}

function onLines(stream: NodeJS.ReadableStream, onLine: (line: string) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line);
  });
}

interface Member {
  readonly cpuTicks: number;
  readonly residentKb: number;
}

function membersOf(group: number | undefined): readonly Member[] {
  return readdirSync('/proc').flatMap((entry) => {
    if (!/^\d+$/.test(entry)) return [];
    const stat = readOrEmpty(`/proc/${entry}/stat`);
    // The fields follow the command, which may hold spaces (proc_pid_stat(5)); 5 is the group, 14 to 17 the ticks.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (Number(fields[2]) !== group) return [];
    const cpuTicks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const resident = /^VmRSS:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${entry}/status`));
    return [{ cpuTicks, residentKb: Number(resident?.[1] ?? 0) }];
  });
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}
