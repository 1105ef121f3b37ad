import type { ProcReader } from './proc-reader';

/**
 * Gives the cgroup of a process by cgroups(7): the path in the unified hierarchy, else in systemd's own of version 1,
 * else in the first that is not the root. Undefined where it can't be read or where there is but the root.
 */
export function readCgroup(proc: ProcReader, pid: number): string | undefined {
  const bytes = proc.read(`${pid}/cgroup`);
  return typeof bytes === 'string' ? undefined : parseCgroup(bytes);
}

export function parseCgroup(bytes: Buffer): string | undefined {
  const paths = bytes
    .toString('utf8')
    .split('\n')
    .flatMap((line) => {
      // hierarchy-ID:controller-list:cgroup-path; the path may hold colons.
      const match = /^(\d+):([^:]*):(\/.+)$/.exec(line);
      return match ? [{ id: match[1], controllers: match[2], path: match[3] ?? '' }] : [];
    });
  const unified = paths.find(({ id }) => id === '0');
  const systemd = paths.find(({ controllers }) => controllers === 'name=systemd');
  return (unified ?? systemd ?? paths[0])?.path;
}

/** Says whether a process in this cgroup runs for the systemd unit, also in a cgroup that the service made below its own. */
export function belongsToUnit(path: string, unit: string): boolean {
  return path.split('/').includes(unit);
}

/** Says whether `path` is `group` or below it. */
export function isInGroup(path: string, group: string): boolean {
  return path === group || path.startsWith(`${group}/`);
}

/**
 * Gives the cgroup that was made for this process: a service's or a container's, whose first process it is. What it
 * starts stays in there, however often it forks. A login session's cgroup is shared by all that the user starts.
 */
export function findOwnCgroup(proc: ProcReader, pid: number, ppid: number): string | undefined {
  const own = readCgroup(proc, pid);
  if (own === undefined || /\.slice$|\/(?:session-[^/]*|init)\.scope$/.test(own)) return undefined;
  const parents = readCgroup(proc, ppid);
  return parents !== undefined && isInGroup(parents, own) ? undefined : own;
}
