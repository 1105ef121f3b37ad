import { readFile } from 'node:fs/promises';
import type { Service } from './service';

/** CPU milliseconds spent so far, by process id and by the name of what runs there. */
export type CpuTimes = ReadonlyMap<number, { readonly name: string; readonly ms: number }>;

/** Length of a clock tick in /proc: USER_HZ is 100 on every Linux Node runs on (proc_pid_stat(5)). */
const tickMs = 10;

export async function readCpuTimes(service: Service): Promise<CpuTimes> {
  const times = new Map<number, { name: string; ms: number }>();
  for (const [name, pids] of Object.entries(await service.pids()))
    for (const pid of pids)
      times.set(pid, { name: name.replace(/^cordon-dev-/, ''), ms: await readProcess(pid) });
  const { user, system } = process.cpuUsage();
  times.set(process.pid, { name: 'load (this process)', ms: (user + system) / 1_000 });
  return times;
}

/** CPU milliseconds between two readings, by name; what a process that ended used is not known. */
export function subtractCpu(before: CpuTimes, after: CpuTimes): Map<string, number> {
  const spent = new Map<string, number>();
  for (const [pid, { name, ms }] of after)
    spent.set(name, (spent.get(name) ?? 0) + ms - (before.get(pid)?.ms ?? 0));
  return spent;
}

/** User and system time; the fields follow the command, which may hold spaces (proc_pid_stat(5)). */
async function readProcess(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}
