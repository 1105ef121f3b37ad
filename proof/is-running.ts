import { readFileSync } from 'node:fs';

/** Whether a process of this machine runs. */
export function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  // One that has ended, and that its parent does not wait for, as in a container without an init.
  return !['Z', 'X'].includes(readStat(pid)[0] ?? '');
}

/**
 * When a process started, in ticks since the boot: another one may have its pid later. Undefined if there is none, and on other
 * systems than Linux.
 */
export function readStartOf(pid: number): string | undefined {
  return readStat(pid)[19];
}

/** The fields behind the name, which may have parentheses itself (proc_pid_stat(5)). */
function readStat(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    // No Linux, or it ended meanwhile: whoever asks again sees that.
    return [];
  }
}
