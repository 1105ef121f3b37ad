import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcReader } from '../../agent/proc/proc-reader';
import { aStatLine } from './fake-proc';

/** The state of a process until it executes another program. */
export interface Program {
  readonly comm: string;
  readonly exe: string;
  readonly args: readonly string[];
}

interface Task extends Program {
  readonly pid: number;
  ppid: number;
  session: number;
  cgroup: string;
  readonly startTicks: number;
  reapedFaults: number;
  isZombie: boolean;
  readonly threads: number[];
  /** Adopts what its descendants leave behind (PR_SET_CHILD_SUBREAPER). */
  readonly isSubreaper: boolean;
  readonly namespaceDepth: number;
}

/**
 * The parts of a kernel that the agent reads: reused process numbers, forks, execs, ends, and the adoption of orphans.
 */
export interface Machine {
  /** Milliseconds since its start. */
  now: number;
  readonly proc: ProcReader;
  /** A copy of its parent, until `exec`. */
  fork(parent: number, changes?: Partial<Pick<Task, 'cgroup' | 'isSubreaper' | 'namespaceDepth'>>): number;
  exec(pid: number, program: Program): void;
  setsid(pid: number): void;
  move(pid: number, cgroup: string): void;
  addThread(pid: number): number;
  endThread(pid: number, thread: number): void;
  /** Ends a process; its parent waits for it, unless it leaves a zombie. */
  exit(pid: number, isWaitedFor?: boolean): void;
}

export const agentPid = 460;
/** pid_max (proc_sys_kernel(5)), far lower than on a device, so that numbers are reused again and again. */
export const mostPids = 2048;
const firstFreePid = 300;
/** Page faults of a program of a few milliseconds. */
const faults = 75;
const missing = '-';

export function startMachine(): Machine {
  const tasks = new Map<number, Task>();
  const threadsOf = new Map<number, number>();
  let newest = agentPid;

  const nextPid = (): number => {
    do newest = newest + 1 >= mostPids ? firstFreePid : newest + 1;
    while (tasks.has(newest) || threadsOf.has(newest));
    return newest;
  };
  const need = (pid: number): Task => {
    const task = tasks.get(pid);
    if (!task) throw new Error(`there is no process ${pid}`);
    return task;
  };
  const reaperOf = ({ ppid }: Task): number => {
    for (let pid = ppid; pid > 1; pid = tasks.get(pid)?.ppid ?? 1)
      if (tasks.get(pid)?.isSubreaper) return pid;
    return 1;
  };
  const reap = (task: Task): void => {
    tasks.delete(task.pid);
    const parent = tasks.get(task.ppid);
    if (parent) parent.reapedFaults += faults + task.reapedFaults;
  };
  for (const line of readFileSync(join(import.meta.dirname, 'fixtures/debian-12.txt'), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const [pid = '', ppid, session, comm = '', cgroup, exe = '', ...args] = line.split(' ');
    tasks.set(Number(pid), {
      pid: Number(pid),
      ppid: Number(ppid),
      session: Number(session),
      comm,
      cgroup: cgroup === missing ? '/' : (cgroup ?? '/'),
      exe,
      args: exe === missing ? [] : args,
      startTicks: 100,
      reapedFaults: 0,
      isZombie: false,
      threads: [],
      isSubreaper: false,
      namespaceDepth: 1,
    });
  }

  const machine: Machine = {
    now: 0,
    proc: readMachine(
      tasks,
      threadsOf,
      () => newest,
      () => machine.now,
    ),
    fork: (parent, changes = {}) => {
      const pid = nextPid();
      tasks.set(pid, {
        ...need(parent),
        isSubreaper: false,
        ...changes,
        pid,
        ppid: parent,
        startTicks: 10_000 + Math.floor(machine.now / 10),
        reapedFaults: 0,
        threads: [],
      });
      return pid;
    },
    exec: (pid, program) => void tasks.set(pid, { ...need(pid), ...program }),
    setsid: (pid) => {
      need(pid).session = pid;
    },
    move: (pid, cgroup) => {
      need(pid).cgroup = cgroup;
    },
    addThread: (pid) => {
      const thread = nextPid();
      need(pid).threads.push(thread);
      threadsOf.set(thread, pid);
      return thread;
    },
    endThread: (pid, thread) => {
      threadsOf.delete(thread);
      const { threads } = need(pid);
      threads.splice(threads.indexOf(thread), 1);
    },
    exit: (pid, isWaitedFor = true) => {
      const task = need(pid);
      for (const thread of task.threads) threadsOf.delete(thread);
      task.threads.splice(0);
      for (const other of [...tasks.values()]) {
        if (other.ppid !== pid) continue;
        other.ppid = reaperOf(task);
        if (other.isZombie) reap(other);
      }
      if (isWaitedFor) reap(task);
      else task.isZombie = true;
    },
  };
  return machine;
}

function readMachine(
  tasks: ReadonlyMap<number, Task>,
  threadsOf: ReadonlyMap<number, number>,
  newest: () => number,
  now: () => number,
): ProcReader {
  /** A simulated week reads millions of these, and few differ from the previous one of the same process. */
  const lines = new WeakMap<Task, { readonly of: Task; readonly threads: number; readonly line: Buffer }>();
  const statOf = (task: Task): Buffer => {
    const { pid, ppid, session, comm, startTicks, reapedFaults, isZombie } = task;
    const threads = task.threads.length + 1;
    const last = lines.get(task);
    const isSame =
      last?.threads === threads &&
      last.of.ppid === ppid &&
      last.of.session === session &&
      last.of.reapedFaults === reapedFaults &&
      last.of.isZombie === isZombie;
    if (isSame) return last.line;
    const state = isZombie ? 'Z' : 'S';
    const line = aStatLine({
      ...{ pid, ppid, session, startTicks, reapedFaults, threads, state },
      comm: comm.slice(0, 15),
    });
    lines.set(task, { of: { ...task }, threads, line });
    return line;
  };
  const ofTask = (task: Task, file: string): string | Buffer | undefined => {
    const { pid, comm, cgroup, args, namespaceDepth } = task;
    switch (file) {
      case 'stat':
        return statOf(task);
      case 'status':
        return `Name:\t${comm}\nTgid:\t${pid}\nUid:\t0\t0\t0\t0\nNSpid:${`\t${pid}`.repeat(namespaceDepth)}\nSigIgn:\t0000000000001000\n`;
      case 'cmdline':
        return args.map((one) => `${one}\0`).join('');
      case 'cgroup':
        return `0::${cgroup}\n`;
      case 'mountinfo':
        return '';
      default:
        return undefined;
    }
  };
  const childrenOf = (parent: number): string =>
    [...tasks.values()].flatMap(({ pid, ppid }) => (ppid === parent ? [`${pid} `] : [])).join('');
  const read = (path: string): Buffer | 'gone' => {
    const slash = path.indexOf('/');
    const first = slash === -1 ? path : path.slice(0, slash);
    const file = path.slice(slash + 1);
    const pid = Number(first);
    if (first === 'loadavg') return Buffer.from(`0.00 0.01 0.05 1/234 ${newest()}\n`);
    if (first === 'uptime') return Buffer.from(`${(100 + now() / 1000).toFixed(2)} 0.00\n`);
    const leader = threadsOf.get(pid);
    const task = tasks.get(leader ?? pid);
    if (!task) return 'gone';
    if (file.startsWith('task/') && file.endsWith('/children')) {
      const thread = Number(file.split('/')[1]);
      // The main thread makes them.
      if (thread !== pid) return task.threads.includes(thread) ? Buffer.from('') : 'gone';
      return Buffer.from(childrenOf(pid));
    }
    const text = ofTask(task, file);
    return text === undefined ? 'gone' : typeof text === 'string' ? Buffer.from(text) : text;
  };
  const readLink = (path: string): string => {
    const [pid, link] = path.split('/');
    const exe = tasks.get(Number(pid))?.exe;
    return link !== 'exe' || exe === undefined || exe === missing ? 'gone' : exe;
  };
  return {
    read,
    readAgain: read,
    readWhole: read,
    readLink,
    identify: readLink,
    list: (path) => {
      if (path === '.') return ['self', 'net', ...[...tasks.keys()].map(String)];
      const [pid = '', folder] = path.split('/');
      const task = tasks.get(Number(pid));
      if (!task) return 'gone';
      return folder === 'task' ? [pid, ...task.threads.map(String)] : [];
    },
    resolve: (path) => path,
    pathOf: (path) => `/proc/${path}`,
    problems: () => new Map(),
    forgetOthers: () => undefined,
    close: () => undefined,
  };
}
