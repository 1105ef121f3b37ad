import { type ProcReader, type ReadFailure, smallFileBytes } from '../proc/proc-reader';
import { type ProcStat, parseChildren } from '../proc/proc-stat';

/** `threads` is how many the process had when it was last looked at, if it was. */
export type ListChildren = (pid: number, threads: number | undefined) => readonly number[] | ReadFailure;

/** Lists children by the kernel's own file (proc_pid_task_children(5)). */
export function childrenFromFiles(proc: ProcReader): ListChildren {
  const readOne = (pid: number, thread: number | string): readonly number[] | ReadFailure => {
    const path = `${pid}/task/${thread}/children`;
    const some = proc.readAgain(path);
    if (typeof some === 'string') return some;
    // The newest children come last, so a list that is cut would let thousands of expected children hide an unexpected
    // one.
    const all = some.length < smallFileBytes ? some : proc.readWhole(path);
    return typeof all === 'string' ? all : parseChildren(all);
  };
  return (pid, threads) => {
    // A child belongs to the thread that made it, and a process with one thread needs no list of them.
    if (threads === 1) return readOne(pid, pid);
    const all = proc.list(`${pid}/task`);
    if (typeof all === 'string') return all;
    const children: number[] = [];
    for (const thread of all) {
      const some = readOne(pid, thread);
      if (typeof some !== 'string') for (const child of some) children.push(child);
      else if (some !== 'gone') return some;
    }
    return children;
  };
}

/** Lists children by the parents that all processes name, for a kernel without such a file. */
export function childrenFromScan(stats: Iterable<ProcStat>): ListChildren {
  const byParent = new Map<number, number[]>();
  for (const { pid, ppid } of stats) {
    const siblings = byParent.get(ppid);
    if (siblings) siblings.push(pid);
    else byParent.set(ppid, [pid]);
  }
  return (pid) => byParent.get(pid) ?? [];
}
