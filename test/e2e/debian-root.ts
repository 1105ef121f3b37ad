import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A Debian system that a test may change: what it writes is in memory, and gone when it is closed. */
export interface DebianRoot {
  /** The path of its root, for the commands that run in it. */
  readonly enter: readonly [command: string, ...args: string[]];
  run(command: string, ...args: string[]): SpawnSyncReturns<string>;
  /** Runs a command that must succeed, and returns its output. */
  must(command: string, ...args: string[]): string;
  put(from: string, to: string): void;
  close(): Promise<void>;
}

/** Debian's own installation, or that in CORDON_DEBIAN_ROOT (`debootstrap --include=nodejs,adduser,systemd ...`). */
const lower = process.env.CORDON_DEBIAN_ROOT ?? '/';
/** Made in the mount namespace of a process of its own, so nothing is left behind whatever happens to the test. */
const mountScript = `
set -e
mount -t tmpfs tmpfs "$1"
mkdir "$1/upper" "$1/work" "$1/root" "$1/exchange"
mount -t overlay overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" "$1/root"
mount -t proc proc "$1/root/proc"
mount --bind /dev "$1/root/dev"
mount -t tmpfs tmpfs "$1/root/tmp"
echo ready
cat
`;

/** Why this machine can't do it; undefined if it can. */
export function findWhatDebianRootLacks(): string | undefined {
  if (process.getuid?.() !== 0) return 'needs root';
  for (const tool of ['dpkg', 'unshare', 'nsenter', 'setpriv']) {
    if (spawnSync(tool, ['--version']).status !== 0) return `needs ${tool}`;
  }
  const wanted = ['nodejs', 'adduser', 'systemd'];
  // biome-ignore lint/suspicious/noTemplateCurlyInString: a field of dpkg-query's.
  const format = '${db:Status-Status}\n';
  const query = ['--root', lower, '-W', '-f', format, ...wanted];
  const found = spawnSync('dpkg-query', query, { encoding: 'utf8' }).stdout?.match(/^installed$/gm);
  if (found?.length !== wanted.length) return `needs ${wanted.join(', ')} as packages in ${lower}`;
  const probe = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
  return probe.status === 0 ? undefined : 'needs a mount namespace';
}

export async function openDebianRoot(): Promise<DebianRoot> {
  const directory = mkdtempSync(join(tmpdir(), 'cordon-debian-'));
  const script = ['--mount', '--propagation', 'private', 'sh', '-c', mountScript, 'sh', directory, lower];
  const holder = spawn('unshare', script, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  await Promise.race([
    once(holder.stdout, 'data'),
    ended.then(([code]) => Promise.reject(new Error(`mounting ended with ${code}`))),
  ]);
  const outside = ['-t', String(holder.pid), '-m'] as const;
  const root = join(directory, 'root');
  // The command has its path, since a shell's PATH may lack /usr/sbin.
  const enter = ['nsenter', ...outside, '/usr/sbin/chroot', root] as const;
  const run = (...command: string[]) =>
    spawnSync(enter[0], [...enter.slice(1), ...command], {
      encoding: 'utf8',
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
    });
  return {
    enter,
    run,
    must: (...command) => {
      const { status, stdout, stderr } = run(...command);
      if (status !== 0) throw new Error(`${command.join(' ')} ended with ${status}: ${stdout}${stderr}`);
      return stdout;
    },
    put: (from, to) => {
      execFileSync('nsenter', [...outside, 'cp', from, join(root, to)]);
    },
    close: async () => {
      holder.stdin.end();
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
