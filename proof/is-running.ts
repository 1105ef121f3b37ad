import { readFileSync } from 'node:fs';

/** Whether a process of this machine runs. */
export function isRunning(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return !isZombie(pid);
}

/** One that has ended, and that its parent does not wait for, as in a container without an init. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name before the state may have parentheses itself (proc_pid_stat(5)).
    return /^\) [ZX]/.test(stat.slice(stat.lastIndexOf(')')));
  } catch {
    // No Linux, or it ended meanwhile: whoever asks again sees that.
    return false;
  }
}
