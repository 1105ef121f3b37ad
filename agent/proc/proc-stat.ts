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
  /** Start after boot in clock ticks; with the pid, it identifies a process permanently. */
  readonly startTicks: number;
  /** Rises whenever the process has waited for a child that ended: faults (11, 13) and ticks (16, 17) of those children. */
  readonly reapedWork: number;
}

/** The last field that is read: the start time. */
const lastField = 22;

/**
 * Reads a stat line, or says undefined for one that is cut off or not a stat line. It works on the bytes: a scan reads
 * thousands of lines, and their text in pieces would be megabytes of garbage.
 */
export function parseStat(bytes: Buffer): ProcStat | undefined {
  const open = bytes.indexOf('(');
  // The name may itself hold `) R 1 (` or a newline; only the last `)` ends it.
  const close = bytes.lastIndexOf(')');
  if (open < 1 || close < open) return undefined;
  const pid = Number(bytes.toString('latin1', 0, open));
  // A state of one letter between two blanks, and numbers from field 4 on.
  const isWhole = bytes[close + 1] === blank && bytes[close + 3] === blank;
  const fields = isWhole ? readNumbers(bytes, close + 4, lastField - 3) : undefined;
  if (!fields || !Number.isSafeInteger(pid)) return undefined;
  const field = (number: number): number => fields[number - 4] ?? 0;
  return {
    pid,
    comm: bytes.toString('latin1', open + 1, close),
    state: bytes.toString('latin1', close + 2, close + 3),
    ppid: field(4),
    session: field(6),
    usedTicks: field(14) + field(15) + field(16) + field(17),
    threads: field(20),
    startTicks: field(22),
    reapedWork: field(11) + field(13) + field(16) + field(17),
  };
}

/** Reads the clock ticks that the ended children of a process ran (fields 16 and 17 of its stat line). */
export function parseReapedTicks(bytes: Buffer): number {
  const fields = readNumbers(bytes, bytes.lastIndexOf(')') + 4, 17 - 3);
  return (fields?.[16 - 4] ?? 0) + (fields?.[17 - 4] ?? 0);
}

/**
 * Says whether a stat line is that of the same process under the same name, and no zombie. It makes nothing: a scan
 * asks it of thousands.
 */
export function isStill(bytes: Buffer, { comm, startTicks }: { comm: string; startTicks: number }): boolean {
  const open = bytes.indexOf('(');
  const close = bytes.lastIndexOf(')');
  if (open < 1 || close - open - 1 !== comm.length) return false;
  for (let index = 0; index < comm.length; index += 1)
    if (bytes[open + 1 + index] !== comm.charCodeAt(index)) return false;
  const state = bytes[close + 2];
  if (state === letterZ || state === letterX || state === letterSmallX) return false;
  let at = close + 1;
  for (let blanks = 0; blanks < lastField - 2; at += 1) {
    const byte = bytes[at];
    if (byte === undefined) return false;
    if (byte === blank) blanks += 1;
  }
  let ticks = 0;
  for (let byte = bytes[at]; byte !== undefined && byte !== blank && byte !== newline; byte = bytes[at]) {
    ticks = ticks * 10 + byte - zero;
    at += 1;
  }
  return ticks === startTicks;
}

const letterX = 0x58;
const letterZ = 0x5a;
const letterSmallX = 0x78;
const blank = 0x20;
const newline = 0x0a;
const minus = 0x2d;
const zero = 0x30;

/** Reads `count` whole numbers with a blank between them; undefined if they end early or are none. */
function readNumbers(bytes: Buffer, from: number, count: number): readonly number[] | undefined {
  const numbers: number[] = [];
  let at = from;
  while (numbers.length < count) {
    const isNegative = bytes[at] === minus;
    if (isNegative) at += 1;
    let number = 0;
    let digits = 0;
    for (let byte = bytes[at]; byte !== blank && byte !== newline; byte = bytes[at]) {
      if (byte === undefined || byte < zero || byte > zero + 9) return undefined;
      number = number * 10 + byte - zero;
      digits += 1;
      at += 1;
    }
    if (digits === 0) return undefined;
    numbers.push(isNegative ? -number : number);
    at += 1;
  }
  return numbers;
}

/** A zombie no longer runs, unless only its main thread has ended and others continue. */
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

/** SIGCHLD on every architecture that Node runs on (signal(7)), as a bit of a mask that begins with signal 1. */
const childSignalBit = 16n;

/** Reads from /proc/PID/status whether the process ignores SIGCHLD. */
export function parseIgnoresChildren(bytes: Buffer): boolean {
  const mask = /^SigIgn:\t([0-9a-f]+)$/m.exec(bytes.toString('latin1'))?.[1] ?? '0';
  return ((BigInt(`0x${mask}`) >> childSignalBit) & 1n) === 1n;
}

/** Reads in how many nested pid namespaces a process has a number (`NSpid`, proc_pid_status(5)). */
export function parseNamespaceDepth(bytes: Buffer): number | undefined {
  const match = /^NSpid:((?:\t\d+)+)$/m.exec(bytes.toString('latin1'));
  return match?.[1]?.split('\t').filter(Boolean).length;
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
