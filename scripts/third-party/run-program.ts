import { spawn } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

export interface Run {
  readonly code: number | null;
  /** Standard output, or standard error if that is empty. */
  readonly out: string;
}

/** Runs a program to its end. */
export function runProgram(
  program: string,
  args: readonly string[],
  {
    cwd,
    env,
    signal,
  }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly signal?: AbortSignal },
): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    const written = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => {
      written.out += chunk.toString('utf8');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      written.err += chunk.toString('utf8');
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out: written.out.trim() || written.err.trim() }));
  });
}

/** Looks until it is so; `false` when the time is up. */
export async function waitUntil<T>(
  look: () => Promise<T>,
  isSo: (found: T) => boolean,
  timeoutMs: number,
): Promise<boolean> {
  const deadline = Date.now() + timeoutMs;
  while (!isSo(await look())) {
    if (Date.now() > deadline) return false;
    await pause(500);
  }
  return true;
}
