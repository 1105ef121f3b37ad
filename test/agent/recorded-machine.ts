import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { ProcReader } from '../../agent/proc/proc-reader';
import { aStatLine } from './fake-proc';

/** What scripts/record-processes.mjs writes: what changed since the frame before, and what systemd answered. */
export interface Recording {
  readonly ownPid: number;
  readonly units: readonly string[];
  readonly frames: readonly (readonly [
    ms: number,
    changes: Readonly<Record<string, string | null>>,
    answers: Readonly<Record<string, readonly [askedAt: number, mainPid: number, controlPid: number]>>,
  ])[];
}

export function readRecording(path: string): Recording {
  return JSON.parse(gunzipSync(readFileSync(path)).toString('utf8')) as Recording;
}

/** A process that was not there, put into the recording. */
export interface Intruder {
  /** Milliseconds of the recording. */
  readonly from: number;
  readonly until: number;
  /** The number that the recording gives to the parent. */
  readonly parent: number;
  /** Its parent has ended, and pid 1 has adopted it; it has a session of its own. */
  readonly isOrphan: boolean;
  /** What its parent waited for afterwards. */
  readonly isWaitedFor: boolean;
}

/** A device that repeats the recording. Its process numbers rise, and start again from a low number after pid_max. */
export interface RecordedMachine {
  /** Milliseconds since the first repeat began. */
  readonly now: number;
  readonly proc: ProcReader;
  readonly ownPid: number;
  /** Starts the recording again, at a time of the machine. */
  repeat(now: number, intruder?: Intruder): void;
  /** Advances to a time, and says whether anything changed since the last call. */
  goTo(now: number): boolean;
  /** The answer of systemd about a unit that was asked about at this frame; undefined until the recording has one. */
  answerOf(unit: string, askedAtFrame: number): { mainPid: number; controlPid: number } | undefined;
  /** The number of the frame that is shown, for `answerOf`. */
  readonly frame: number;
  /** How many numbers were given so far. */
  readonly given: number;
}

/** The default of pid_max on a device of few processors (proc_sys_kernel(5)). */
const mostPids = 32_768;
const tickMs = 10;
/** Page faults of a program of a few milliseconds. */
const faults = 75;
/**
 * Fields of /proc/PID/stat: process numbers, the counters of children that were waited for, and the start time
 * (proc_pid_stat(5)).
 */
const numberFields = [4, 5, 6];
const reapedFields = [11, 13, 16, 17];
const startField = 22;

type Files = Map<string, string>;

function apply(files: Files, changes: Readonly<Record<string, string | null>>): void {
  for (const [path, text] of Object.entries(changes)) {
    if (text === null) files.delete(path);
    else files.set(path, text);
  }
}

function splitStat(text: string): { head: string; fields: string[] } {
  const end = text.lastIndexOf(')') + 1;
  return { head: text.slice(text.indexOf('('), end), fields: text.slice(end + 1).split(' ') };
}

const fieldOf = (fields: readonly string[], number: number): number => Number(fields[number - 3]);

export function statOf(text: string): { comm: string; ppid: number; session: number; start: number } {
  const { head, fields } = splitStat(text);
  return {
    comm: head.slice(1, -1),
    ppid: fieldOf(fields, 4),
    session: fieldOf(fields, 6),
    start: fieldOf(fields, startField),
  };
}

const newestIn = (files: Files): number => Number(files.get('loadavg')?.trim().split(' ')[4]);

/** Numbers with a folder in /proc: those of threads have one too. */
function numbersIn(files: Files): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  for (const path of files.keys()) {
    const [pid = '', , thread] = path.split('/');
    const start = files.get(`${pid}/stat`);
    if (/^\d+$/.test(pid) && start !== undefined)
      found.set(Number(thread ?? pid), `${pid} ${statOf(start).start}`);
  }
  return found;
}

export function replay({ ownPid, frames }: Recording): RecordedMachine {
  const first: Files = new Map();
  apply(first, frames[0]?.[1] ?? {});
  const last: Files = new Map();
  for (const [, changes] of frames) apply(last, changes);
  const [firstNewest, lastNewest] = [newestIn(first), newestIn(last)];
  const [firstNumbers, lastNumbers] = [numbersIn(first), numbersIn(last)];
  /** The pids of processes that end within the recording, so each repeat must start them again. */
  const renewed = [...firstNumbers].flatMap(([pid, id]) => (lastNumbers.get(pid) === id ? [] : [pid]));
  const stays = (pid: number): boolean => pid <= firstNewest && !renewed.includes(pid);
  const lowest = firstNewest + 1;
  const numbers = mostPids - lowest;

  let files: Files = new Map();
  const cache = new Map<string, Buffer>();
  const threadsOf = new Map<number, readonly string[]>();
  let count = -1;
  let base = 0;
  let given = 0;
  let startedAt = 0;
  let now = 0;
  let frame = 0;
  let intruder: Intruder | undefined;
  /** The newest number when the intruder came. */
  let after = Number.POSITIVE_INFINITY;
  let isThere = false;
  /** The children of intruders that a process waited for. */
  const added = new Map<number, number>();

  /** Translates the recording's number of a process to the machine's. */
  const toReal = (pid: number): number => {
    if (stays(pid)) return pid;
    const at = renewed.indexOf(pid);
    const offset = at >= 0 ? at : renewed.length + pid - lowest + (pid > after ? 1 : 0);
    return lowest + ((base + offset) % numbers);
  };
  const intruderPid = (): number => lowest + ((base + renewed.length + after + 1 - lowest) % numbers);
  const toRecorded = (real: number): number | undefined => {
    if (real < lowest) return stays(real) ? real : undefined;
    const offset = (((real - lowest - base) % numbers) + numbers) % numbers;
    if (offset < renewed.length) return renewed[offset];
    const pid = lowest + offset - renewed.length;
    if (pid === after + 1) return undefined;
    const recorded = pid > after ? pid - 1 : pid;
    return recorded <= lastNewest ? recorded : undefined;
  };
  const newestReal = (): number => {
    const pid = newestIn(files);
    if (after < Number.POSITIVE_INFINITY && pid <= after) return intruderPid();
    if (pid > firstNewest) return toReal(pid);
    return base + renewed.length === 0 ? firstNewest : lowest + ((base + renewed.length - 1) % numbers);
  };
  const toRealStat = (pid: number, text: string): string => {
    const { head, fields } = splitStat(text);
    const put = (field: number, value: number): void => {
      fields[field - 3] = String(value);
    };
    for (const field of numberFields) put(field, toReal(fieldOf(fields, field)));
    if (stays(pid)) {
      const [begin, end] = [first, last].map((some) => splitStat(some.get(`${pid}/stat`) ?? '').fields);
      for (const field of reapedFields)
        put(
          field,
          fieldOf(fields, field) + count * (fieldOf(end ?? [], field) - fieldOf(begin ?? [], field)),
        );
    } else put(startField, fieldOf(fields, startField) + Math.floor(startedAt / tickMs));
    put(11, fieldOf(fields, 11) + (added.get(pid) ?? 0));
    return `${toReal(pid)} ${head} ${fields.join(' ')}`;
  };
  const translate = (path: string, text: string): string => {
    const [pid = '', file] = path.split('/');
    if (file === 'stat') return toRealStat(Number(pid), text);
    if (file === 'task') {
      const more = isThere && !intruder?.isOrphan && path === `${intruder?.parent}/task/${pid}/children`;
      const listed = text.replace(/\d+/g, (one) => String(toReal(Number(one))));
      return more ? `${listed}${intruderPid()} ` : listed;
    }
    if (file !== 'status') return text;
    return text
      .replace(/^(Tgid:\t)(\d+)/m, (_, name, one) => `${name}${toReal(Number(one))}`)
      .replace(/^(NSpid:\t)(\d+)/m, (_, name, one) => `${name}${toReal(Number(one))}`);
  };
  const ofIntruder = (file: string): string | undefined => {
    const pid = intruderPid();
    const { parent = 0, isOrphan, from = 0 } = intruder ?? {};
    switch (file) {
      case 'stat':
        return aStatLine({
          pid,
          ppid: isOrphan ? 1 : toReal(parent),
          session: isOrphan ? pid : toReal(statOf(files.get(`${parent}/stat`) ?? '').session),
          comm: 'intruder',
          startTicks: 100_000_000 + Math.floor((startedAt + from) / tickMs),
        }).toString('latin1');
      case 'status':
        return `Name:\tintruder\nTgid:\t${pid}\nUid:\t0\t0\t0\t0\nNSpid:\t${pid}\nSigIgn:\t0000000000000000\n`;
      case 'cgroup':
        return files.get(`${parent}/cgroup`);
      case 'cmdline':
        return '/tmp/intruder\0';
      case 'exe':
        return '/tmp/intruder';
      case `task/${pid}/children`:
        return '';
      default:
        return undefined;
    }
  };
  const toPath = (path: string): string | undefined => {
    const [pid = '', folder, thread, ...rest] = path.split('/');
    const recorded = toRecorded(Number(pid));
    if (recorded === undefined) return undefined;
    if (folder !== 'task' || thread === undefined)
      return [recorded, folder, thread, ...rest].filter(Boolean).join('/');
    const own = toRecorded(Number(thread));
    return own === undefined ? undefined : [recorded, folder, own, ...rest].join('/');
  };
  const toRealPath = (path: string): string => {
    const [pid = '', folder, thread, ...rest] = path.split('/');
    if (folder === undefined) return path;
    if (thread === undefined) return `${toReal(Number(pid))}/${folder}`;
    return [toReal(Number(pid)), folder, toReal(Number(thread)), ...rest].join('/');
  };
  const textOf = (path: string): string | undefined => {
    if (path === 'loadavg') return `0.00 0.00 0.00 1/1 ${newestReal()}\n`;
    if (path === 'uptime') return `${(1_000_000 + now / 1000).toFixed(2)} 0.00\n`;
    const slash = path.indexOf('/');
    if (isThere && Number(path.slice(0, slash)) === intruderPid()) return ofIntruder(path.slice(slash + 1));
    const recorded = toPath(path);
    const text = recorded === undefined ? undefined : files.get(recorded);
    return recorded === undefined || text === undefined ? undefined : translate(recorded, text);
  };
  const read = (path: string): Buffer | 'gone' => {
    const known = cache.get(path);
    if (known) return known;
    const text = textOf(path);
    if (text === undefined) return 'gone';
    const bytes = Buffer.from(text, path.endsWith('/stat') ? 'latin1' : 'utf8');
    if (path !== 'uptime') cache.set(path, bytes);
    return bytes;
  };
  const listPids = (): readonly string[] => {
    const pids: string[] = [];
    for (const path of files.keys())
      if (path.endsWith('/stat')) pids.push(String(toReal(Number(path.slice(0, -5)))));
    return isThere ? [...pids, String(intruderPid())] : pids;
  };
  const listThreads = (pid: number): readonly string[] | 'gone' => {
    if (isThere && pid === intruderPid()) return [String(pid)];
    const known = threadsOf.get(pid);
    if (known) return known;
    const prefix = `${toRecorded(pid)}/task/`;
    const threads: string[] = [];
    for (const path of files.keys())
      if (path.startsWith(prefix))
        threads.push(String(toReal(Number(path.slice(prefix.length).split('/')[0]))));
    if (threads.length === 0) return 'gone';
    threadsOf.set(pid, threads);
    return threads;
  };
  const placeIntruder = (ms: number): void => {
    if (!intruder) return;
    if (after === Number.POSITIVE_INFINITY && ms >= intruder.from) {
      // A process can be listed a moment before its number is the newest in the list.
      after = Math.max(newestIn(files), ...numbersIn(files).keys());
      isThere = true;
      cache.clear();
    }
    if (isThere && ms >= intruder.until) {
      isThere = false;
      const reaper = intruder.isOrphan ? 1 : intruder.parent;
      if (intruder.isWaitedFor) added.set(reaper, (added.get(reaper) ?? 0) + faults);
      cache.clear();
    }
  };

  const readLink = (path: string): string => {
    const bytes = read(path);
    return bytes === 'gone' ? 'gone' : bytes.toString('utf8');
  };

  return {
    get now() {
      return now;
    },
    get frame() {
      return frame;
    },
    get given() {
      return given;
    },
    ownPid,
    proc: {
      read,
      readAgain: read,
      readWhole: read,
      readLink,
      identify: readLink,
      list: (path) => (path === '.' ? listPids() : listThreads(Number(path.split('/')[0]))),
      resolve: (path) => path,
      pathOf: (path) => `/nowhere/${path}`,
      problems: () => new Map(),
      forgetOthers: () => undefined,
      close: () => undefined,
    },
    repeat: (at, next) => {
      if (count >= 0)
        base += renewed.length + lastNewest - firstNewest + (after === Number.POSITIVE_INFINITY ? 0 : 1);
      given = base;
      count += 1;
      startedAt = at;
      now = at;
      frame = 0;
      intruder = next;
      after = Number.POSITIVE_INFINITY;
      isThere = false;
      for (const pid of added.keys()) if (!stays(pid)) added.delete(pid);
      files = new Map(first);
      cache.clear();
      threadsOf.clear();
    },
    goTo: (at) => {
      now = at;
      const ms = at - startedAt;
      const from = frame;
      const wasThere = isThere;
      for (let next = frames[frame + 1]; next && next[0] <= ms; next = frames[frame + 1]) {
        placeIntruder(next[0]);
        apply(files, next[1]);
        for (const path of Object.keys(next[1])) cache.delete(toRealPath(path));
        frame += 1;
      }
      placeIntruder(ms);
      if (frame !== from) threadsOf.clear();
      return frame !== from || wasThere !== isThere;
    },
    answerOf: (unit, askedAtFrame) => {
      const askedAt = frames[askedAtFrame]?.[0] ?? 0;
      let found: readonly [number, number, number] | undefined;
      for (const [ms, , answers] of frames) {
        const answer = answers[unit];
        if (!answer) continue;
        // After the end of the recording, the last answer stays.
        if (ms > now - startedAt) break;
        if (answer[0] >= askedAt || frame === frames.length - 1) found = answer;
        if (found && answer[0] >= askedAt) break;
      }
      return found && { mainPid: found[1] && toReal(found[1]), controlPid: found[2] && toReal(found[2]) };
    },
  };
}
