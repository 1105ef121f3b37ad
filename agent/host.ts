import { execFile, spawn } from 'node:child_process';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  statfsSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, networkInterfaces } from 'node:os';
import { getSystemErrorName } from 'node:util';

/**
 * All calls of the agent to the file system, to `os` and to other programs. Nothing else under `agent/` imports these
 * modules: so a test can answer each call with each errno (test/agent/errno-walk.test.ts), and no call can be missed.
 */
export const host = {
  accessSync,
  closeSync,
  cpuUsage: (): NodeJS.CpuUsage => process.cpuUsage(),
  execFile,
  fsyncSync,
  homedir,
  lstatSync,
  kill: (pid: number, signal: NodeJS.Signals): boolean => process.kill(pid, signal),
  mkdirSync,
  networkInterfaces,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  spawn,
  statfsSync,
  statSync,
  unlinkSync,
  writeError: (text: string): boolean => process.stderr.write(text),
  writeFileSync,
  writeOutput: (text: string): boolean => process.stdout.write(text),
};

/** Far longer than any text that the agent stores. */
const longestText = 1024 * 1024;
const blockBytes = 16 * 1024;

/**
 * Text of a file. A pipe in its place is empty or fails, and the agent does not wait for a writer (fifo(7)); what never
 * ends, such as a link to /dev/zero, fails.
 */
export function readText(path: string): string {
  const descriptor = host.openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const blocks: Buffer[] = [];
  try {
    for (let length = 0; length <= longestText; ) {
      const block = Buffer.allocUnsafe(blockBytes);
      const read = host.readSync(descriptor, block, 0, blockBytes, null);
      if (read === 0) return Buffer.concat(blocks).toString('utf8');
      blocks.push(block.subarray(0, read));
      length += read;
    }
  } finally {
    closeQuietly(descriptor);
  }
  throw Object.assign(new Error(`EFBIG: file too large, read '${path}'`), { code: 'EFBIG' });
}

/**
 * A file that the configuration names. A pipe would stop the agent until somebody writes to it (fifo(7)), and a file of
 * gigabytes would fill the memory. A path to a device or a descriptor (/dev/null, /dev/fd/63) is intended.
 */
export function readGiven(path: string): Buffer {
  const reason = whyNotRead(path);
  if (reason !== undefined) throw Object.assign(new Error(`${reason}, read '${path}'`), { code: reason });
  return host.readFileSync(path);
}

function whyNotRead(path: string): 'no regular file' | 'too large' | undefined {
  try {
    const stats = host.statSync(path);
    if (stats.size > longestText) return 'too large';
    const isEndless = stats.isFIFO() || stats.isCharacterDevice();
    return isEndless && !/^\/(?:dev|proc)\//.test(path) ? 'no regular file' : undefined;
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
    // The reading shows it.
    return undefined;
  }
}

/** An error at closing says nothing about the data that was read (close(2)), and the descriptor is closed anyway. */
export function closeQuietly(descriptor: number): void {
  try {
    host.closeSync(descriptor);
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
  }
}

/** The code of a failed call, such as ENOENT; for `os`, the error's `info` has it. */
export function codeOf(error: unknown): string {
  const { code, info } = (error ?? {}) as { code?: unknown; info?: { code?: unknown } };
  const found = String((code === 'ERR_SYSTEM_ERROR' && info?.code) || (code ?? 'no code'));
  // Some calls of `os` give the number with the wrong sign, and so no name.
  const number = /^Unknown system error -?(\d+)$/.exec(found)?.[1];
  return number === undefined ? found : getSystemErrorName(-Number(number));
}
