import type { ProcReader, ReadFailure } from './proc-reader';

/**
 * The cgroup of a process (cgroups(7)): the path in the unified hierarchy, else in systemd's hierarchy of version 1,
 * else in the first hierarchy in which it is not the root. Undefined if all are the root.
 */
export function readCgroup(
  proc: ProcReader,
  pid: number,
): { readonly path: string | undefined } | ReadFailure {
  const bytes = proc.read(`${pid}/cgroup`);
  return typeof bytes === 'string' ? bytes : { path: parseCgroup(bytes) };
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

/** systemd puts what it runs for a unit beside its main process here: ExecReload=, ExecStop= and their like. */
const controlGroup = /^\/\.?control(?:\/|$)/;

/** Says whether a process in this cgroup runs for the systemd unit, also in a cgroup that the service made below its own. */
export function belongsToUnit(path: string, unit: string): boolean {
  const at = `${path}/`.indexOf(`/${unit}/`);
  return at >= 0 && !controlGroup.test(path.slice(at + 1 + unit.length));
}

/** Says whether `path` is `group` or below it, where no service manager puts anything. */
export function isInGroup(path: string, group: string): boolean {
  return path === group || (path.startsWith(`${group}/`) && !controlGroup.test(path.slice(group.length)));
}

/** The purpose of a cgroup, by its name: a service, or a container or the like. Undefined for one that many share. */
export function purposeOf(path: string): 'service' | 'scope' | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (
    /(?:^|\/)(?:docker|lxc|libpod|kubepods|crio|machine)(?:[-./].*)?\/.|^[0-9a-f]{32,}$/.test(path.slice(1))
  )
    return 'scope';
  // The cgroup of a login session or a user manager holds everything that the user starts.
  if (/^(?:session-.*|init)\.scope$|^user@.*\.service$/.test(name)) return undefined;
  if (name.endsWith('.service')) return 'service';
  return name.endsWith('.scope') ? 'scope' : undefined;
}
