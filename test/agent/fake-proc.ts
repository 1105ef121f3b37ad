import type { ProcReader } from '../../agent/proc/proc-reader';

export interface FakeProcess {
  readonly pid: number;
  readonly comm?: string;
  readonly state?: string;
  readonly ppid?: number;
  readonly threads?: number;
  readonly startTicks?: number;
  readonly reapedFaults?: number;
  readonly args?: readonly string[];
  readonly exe?: string;
  /** Which file its program is, whatever the name: by default one for each name. */
  readonly file?: string;
  readonly uid?: number;
  readonly session?: number;
  readonly usedTicks?: number;
  /** The lines of /proc/PID/cgroup. */
  readonly cgroup?: string;
  readonly residentKilobytes?: number;
  readonly environment?: readonly string[];
  readonly ignoresChildren?: boolean;
  /** The number of nested pid namespaces in which it has a number. */
  readonly namespaceDepth?: number;
  readonly cwd?: string;
  /** What its file descriptors are, from 0 on. */
  readonly files?: readonly string[];
  /** Network namespace, and the tables that are seen in it. */
  readonly network?: { readonly namespace: string; readonly tables: Readonly<Record<string, string>> };
}

/** The line of /proc/PID/stat, fields as in proc_pid_stat(5). */
export function aStatLine(process: FakeProcess): Buffer {
  const {
    pid,
    comm = 'app',
    state = 'S',
    ppid = 1,
    threads = 1,
    startTicks = 1000,
    reapedFaults = 0,
    session = pid,
    usedTicks = 0,
  } = process;
  const fields = [
    state,
    ppid,
    pid,
    session,
    0,
    -1,
    4194560,
    120,
    reapedFaults,
    0,
    0,
    usedTicks,
    0,
    0,
    0,
    20,
    0,
    threads,
    0,
  ];
  return Buffer.from(
    `${pid} (${comm}) ${fields.join(' ')} ${startTicks} 2500000 200 18446744073709551615\n`,
    'latin1',
  );
}

export interface FakeProcOptions {
  readonly childrenFiles?: boolean;
  readonly denied?: readonly number[];
  readonly newestPid?: number;
  /** More files of /proc. */
  readonly files?: Readonly<Record<string, string>>;
}

export interface FakeProc extends ProcReader {
  /** Puts another set of processes in place of the present one. */
  become(processes: readonly FakeProcess[], options?: FakeProcOptions): void;
  readonly reads: string[];
}

export const ownPid = 900;

/** A /proc that holds init, the agent and the given processes; a parent's `children` file lists those that name it. */
export function aProc(processes: readonly FakeProcess[], options: FakeProcOptions = {}): FakeProc {
  let files = new Map<string, Buffer>();
  let links = new Map<string, string>();
  let identities = new Map<string, string>();
  let denied = new Set<string>();
  let pids: readonly string[] = [];
  const reads: string[] = [];
  const become = (
    given: readonly FakeProcess[],
    { childrenFiles = true, denied: hidden = [], newestPid, files: more = {} }: FakeProcOptions = {},
  ): void => {
    const all = [{ pid: 1, comm: 'init', ppid: 0 }, { pid: ownPid, comm: 'agent' }, ...given];
    files = new Map();
    links = new Map();
    identities = new Map();
    denied = new Set(hidden.map(String));
    pids = all.map(({ pid }) => String(pid));
    const newest = newestPid ?? Math.max(...all.map(({ pid }) => pid));
    files.set('loadavg', Buffer.from(`0.00 0.01 0.05 1/234 ${newest}\n`));
    files.set('uptime', Buffer.from('100.00 180.00\n'));
    for (const one of all) {
      files.set(`${one.pid}/stat`, aStatLine(one));
      files.set(`${one.pid}/cmdline`, Buffer.from((one.args ?? []).map((arg) => `${arg}\0`).join('')));
      files.set(
        `${one.pid}/status`,
        Buffer.from(
          `Name:\tapp\nTgid:\t${one.pid}\nUid:\t${one.uid ?? 0}\t0\t0\t0\nNSpid:${`\t${one.pid}`.repeat(one.namespaceDepth ?? 1)}\nVmRSS:\t  ${one.residentKilobytes ?? 0} kB\nSigIgn:\t00000000000${one.ignoresChildren ? '1' : '0'}1000\n`,
        ),
      );
      files.set(
        `${one.pid}/environ`,
        Buffer.from((one.environment ?? []).map((text) => `${text}\0`).join('')),
      );
      files.set(`${one.pid}/maps`, Buffer.from(''));
      files.set(`${one.pid}/cgroup`, Buffer.from(one.cgroup ?? '0::/\n'));
      if (one.cwd !== undefined) links.set(`${one.pid}/cwd`, one.cwd);
      for (const [index, file] of (one.files ?? []).entries()) links.set(`${one.pid}/fd/${index}`, file);
      if (one.network) links.set(`${one.pid}/ns/net`, one.network.namespace);
      for (const [path, text] of Object.entries(more)) files.set(path, Buffer.from(text));
      for (const [table, text] of Object.entries(one.network?.tables ?? {}))
        files.set(`${one.pid}/net/${table}`, Buffer.from(text));
      if (one.exe !== undefined) links.set(`${one.pid}/exe`, one.exe);
      const file = one.file ?? one.exe;
      if (file !== undefined) identities.set(`${one.pid}/exe`, file);
      if (!childrenFiles) continue;
      const children = all.filter(({ ppid = 1 }) => ppid === one.pid).map(({ pid }) => `${pid} `);
      files.set(`${one.pid}/task/${one.pid}/children`, Buffer.from(children.join('')));
    }
  };
  become(processes, options);
  const lookUp = <T>(from: ReadonlyMap<string, T>, path: string): T | 'gone' | 'denied' => {
    reads.push(path);
    return denied.has(path.split('/')[0] ?? '') ? 'denied' : (from.get(path) ?? 'gone');
  };
  return {
    become,
    reads,
    read: (path) => lookUp(files, path),
    readAgain: (path) => lookUp(files, path),
    readWhole: (path) => lookUp(files, path),
    readLink: (path) => lookUp(links, path),
    identify: (path) => lookUp(identities, path),
    resolve: (path) => links.get(path) ?? path,
    pathOf: (path) => `/proc/${path}`,
    problems: () => new Map(),
    forgetOthers: () => undefined,
    close: () => undefined,
    list: (path) => {
      if (path === '.') return ['self', 'net', ...pids];
      const [pid = '', folder] = path.split('/');
      if (denied.has(pid)) return 'denied';
      if (folder === 'fd') {
        const prefix = `${path}/`;
        return [...links.keys()].flatMap((link) =>
          link.startsWith(prefix) ? [link.slice(prefix.length)] : [],
        );
      }
      return files.has(`${pid}/stat`) ? [pid] : 'gone';
    },
  };
}
