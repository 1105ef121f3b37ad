/** The fields of /proc/PID/stat the agent uses; numbers of fields as in proc_pid_stat(5). */
export interface ProcStat {
  readonly pid: number;
  /** Up to 15 bytes, one character per byte (latin1), so that bytes that are not UTF-8 compare exactly. */
  readonly comm: string;
  readonly state: string;
  readonly ppid: number;
  /** The pid of the process that called setsid(2) for it; children inherit it. */
  readonly session: number;
  /** Clock ticks that it and the children it waited for have run. */
  readonly usedTicks: number;
  readonly threads: number;
  /** Start after boot in clock ticks; with the pid it names a process for good. */
  readonly startTicks: number;
  /** Rises whenever the process has waited for a child that ended: faults (11, 13) and ticks (16, 17) of those children. */
  readonly reapedWork: number;
}

/** Reads a stat line, or says undefined for one that is cut off or not a stat line. */
export function parseStat(bytes: Buffer): ProcStat | undefined {
  const text = bytes.toString('latin1');
  const open = text.indexOf('(');
  // The name may itself hold `) R 1 (` or a newline; only the last `)` ends it.
  const close = text.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const fields = text.slice(close + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  const stat = {
    pid: Number(text.slice(0, open)),
    comm: text.slice(open + 1, close),
    state: fields[0] ?? '',
    ppid: field(4),
    session: field(6),
    usedTicks: field(14) + field(15) + field(16) + field(17),
    threads: field(20),
    startTicks: field(22),
    reapedWork: field(11) + field(13) + field(16) + field(17),
  };
  const sum = stat.ppid + stat.session + stat.threads + stat.reapedWork + stat.usedTicks + stat.startTicks;
  return Number.isSafeInteger(stat.pid) && Number.isFinite(sum) && stat.state.length === 1 ? stat : undefined;
}

/** A zombie does nothing any more, unless only its main thread has ended and others run on. */
export function isAlive(stat: ProcStat): boolean {
  return stat.state === 'Z' ? stat.threads > 1 : stat.state !== 'X' && stat.state !== 'x';
}

/** Reads /proc/PID/task/TID/children: pids with a space after each. */
export function parseChildren(bytes: Buffer): readonly number[] {
  if (bytes.length === 0) return [];
  return bytes
    .toString('latin1')
    .split(' ')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && pid > 0);
}

/** Reads the arguments of /proc/PID/cmdline, which ends each with a NUL; a process may have overwritten it with anything. */
export function parseCommandLine(bytes: Buffer): readonly string[] {
  const text = bytes.toString('utf8');
  const args = text.split('\0');
  if (args.at(-1) === '') args.pop();
  return args;
}

/** Reads the real user id from /proc/PID/status. */
export function parseUserId(bytes: Buffer): number | undefined {
  // `Name:` comes first and the kernel escapes newlines in it, so no name can forge a line.
  const match = /^Uid:\t(\d+)/m.exec(bytes.toString('latin1'));
  return match ? Number(match[1]) : undefined;
}

/** Reads the resident kilobytes from /proc/PID/status; a kernel thread has none. */
export function parseResidentKilobytes(bytes: Buffer): number {
  const match = /^VmRSS:\s+(\d+) kB/m.exec(bytes.toString('latin1'));
  return match ? Number(match[1]) : 0;
}

/** Reads the seconds since boot from /proc/uptime. */
export function parseUptimeSeconds(bytes: Buffer): number | undefined {
  const seconds = Number.parseFloat(bytes.toString('latin1'));
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Reads the newest pid from /proc/loadavg (field 5): while it stands still no process and no thread was made. */
export function parseNewestPid(bytes: Buffer): number | undefined {
  const pid = Number(bytes.toString('latin1').trim().split(' ')[4]);
  return Number.isSafeInteger(pid) ? pid : undefined;
}
