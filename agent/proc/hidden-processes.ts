import type { ProcReader } from './proc-reader';

/** CAP_SYS_PTRACE (capabilities(7)): a process with it sees everything that /proc hides. */
const ptraceBit = 19n;
const hiding = /(?:^|,)hidepid=(?:[124]|noaccess|invisible|ptraceable)(?:,|$)/;

/** Says whether /proc is mounted so that it hides processes of other users from this one (`hidepid`, proc(5)). */
export function hidesProcesses(proc: ProcReader, ownPid: number): boolean {
  const mounts = proc.readWhole(`${ownPid}/mountinfo`);
  const options = typeof mounts === 'string' ? undefined : optionsOfProc(mounts.toString('latin1'));
  if (options === undefined || !hiding.test(options)) return false;
  const status = proc.read(`${ownPid}/status`);
  if (typeof status === 'string') return true;
  const text = status.toString('latin1');
  const capabilities = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(text)?.[1] ?? '0'}`);
  if (((capabilities >> ptraceBit) & 1n) === 1n) return false;
  const group = /(?:^|,)gid=(\d+)/.exec(options)?.[1];
  const groups = /^Groups:\s*(.*)$/m.exec(text)?.[1]?.trim().split(/\s+/) ?? [];
  // `ptraceable` makes no exception for a group.
  return group === undefined || /hidepid=(?:4|ptraceable)/.test(options) || !groups.includes(group);
}

/** The options of the mount that covers all others at /proc: mount point is field 5, after ` - ` come type, source and options. */
function optionsOfProc(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.split(' ')[4] === '/proc');
  const [, , , options] = /^.* - (\S+) (\S+) (\S+)$/.exec(lines.at(-1) ?? '') ?? [];
  return options;
}
