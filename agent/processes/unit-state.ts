import { host } from '../host';

/** What systemd reports about a unit: the processes that it started itself. */
export interface UnitState {
  /** 0 if there is none. */
  readonly mainPid: number;
  /** The commands that it runs beside the main process at the moment: ExecReload=, ExecStartPost= and their like. */
  readonly controlPid: number;
  /** The last run of each line of the unit besides the main process. */
  readonly commands: readonly UnitCommand[];
}

interface UnitCommand {
  readonly pid: number;
  /** Between these two it began and ended, by the clock of the looks. Infinite while it runs. */
  readonly from: number;
  readonly to: number;
}

/** Asks systemd, which answers later. */
export interface UnitStates {
  /** Milliseconds of a processor that asking took so far. */
  usedMs(): number;
  /** The answer to a question that was put at `since` or after; `asking` until it is there, undefined if none comes. */
  look(unit: string, since: number, now: number): UnitState | 'asking' | undefined;
}

type Ask = (unit: string, answer: (output: string | undefined) => void) => void;

interface Question {
  readonly askedAt: number;
  readonly answer: UnitState | 'asking' | undefined;
}

const timeoutMs = 5000;
/** The shortest time between two questions about a unit, which may start and end all the time. */
const leastGapMs = 1000;
const mostUnits = 64;

/** Changes of the unit that systemd has by both clocks. */
const stamps = ['InactiveExitTimestamp', 'ActiveEnterTimestamp', 'StateChangeTimestamp'];
const properties = [
  'MainPID,ControlPID,ExecCondition,ExecStartPre,ExecStartPost,ExecReload,ExecStop,ExecStopPost',
  ...stamps.flatMap((stamp) => [stamp, `${stamp}Monotonic`]),
].join();

export const askSystemctl: Ask = (unit, answer) => {
  const args = ['show', `--property=${properties}`, '--', unit];
  // systemctl prints times in the local zone, with zone names that can't be parsed.
  const options = { timeout: timeoutMs, env: { ...process.env, TZ: 'UTC' } };
  try {
    host.execFile('systemctl', args, options, (error, output) => answer(error ? undefined : output));
  } catch {
    // No program can be started now: that is no answer.
    answer(undefined);
  }
};

/** `childrenMs`: what ended children of this process used of a processor; `monotonic`: see `readMonotonic`. */
export function createUnitStates(
  ask: Ask,
  childrenMs = () => 0,
  wallClock = Date.now,
  monotonic: () => number | undefined = () => undefined,
): UnitStates {
  const questions = new Map<string, Question>();
  let usedMs = 0;
  return {
    usedMs: () => usedMs,
    look: (unit, since, now) => {
      const last = questions.get(unit);
      const isFresh = last !== undefined && last.askedAt >= since;
      if (last?.answer === 'asking' || isFresh) return last.answer;
      if (last !== undefined && now - last.askedAt < leastGapMs) return 'asking';
      if (questions.size >= mostUnits) questions.clear();
      questions.set(unit, { askedAt: now, answer: 'asking' });
      const before = childrenMs();
      const offsetMs = now - wallClock();
      const sinceBoot = monotonic();
      const monotonicOffsetMs = sinceBoot === undefined ? undefined : now - sinceBoot;
      ask(unit, (output) => {
        const state = parseUnitState(output, offsetMs, monotonicOffsetMs);
        questions.set(unit, { askedAt: now, answer: state });
        // An upper bound, in case another process ended at the same time.
        usedMs += Math.max(0, childrenMs() - before);
      });
      return questions.get(unit)?.answer;
    },
  };
}

/** `offsetMs` makes the looks' clock of the time of day, `monotonicOffsetMs` of CLOCK_MONOTONIC if that is known. */
export function parseUnitState(
  output: string | undefined,
  offsetMs = 0,
  monotonicOffsetMs?: number,
): UnitState | undefined {
  const mainPid = /^MainPID=(\d+)$/m.exec(output ?? '')?.[1];
  const controlPid = /^ControlPID=(\d+)$/m.exec(output ?? '')?.[1];
  if (output === undefined || mainPid === undefined || controlPid === undefined) return undefined;
  return {
    mainPid: Number(mainPid),
    controlPid: Number(controlPid),
    commands: parseCommands(output, (at) => findOffset(output, at, offsetMs, monotonicOffsetMs)),
  };
}

/** Less is no step of the clock: the times are cut to seconds, and a clock may be a little fast. */
const leastStepMs = 5000;

/**
 * What makes the looks' clock of a time of day. systemd has the times of commands by the time of day only, which may have
 * been set since: a device without a clock of its own boots in 1970. So the change of the unit that is nearest shows how
 * the clock went then.
 */
function findOffset(
  output: string,
  at: number,
  offsetMs: number,
  monotonicOffsetMs: number | undefined,
): { readonly offsetMs: number; readonly isSet: boolean } {
  let nearest = { distance: Number.POSITIVE_INFINITY, offsetMs };
  if (monotonicOffsetMs === undefined) return { offsetMs, isSet: false };
  for (const stamp of stamps) {
    const real = parseTime(new RegExp(`^${stamp}=(.+)$`, 'm').exec(output)?.[1]);
    const sinceBoot = Number(new RegExp(`^${stamp}Monotonic=(\\d+)$`, 'm').exec(output)?.[1] ?? 0) / 1000;
    if (real === undefined || sinceBoot === 0) continue;
    const distance = Math.abs(real - at);
    if (distance < nearest.distance) nearest = { distance, offsetMs: sinceBoot - real + monotonicOffsetMs };
  }
  const isSet = Math.abs(nearest.offsetMs - offsetMs) >= leastStepMs;
  return { isSet, offsetMs: isSet ? nearest.offsetMs : offsetMs };
}

/**
 * CLOCK_MONOTONIC in milliseconds, from which systemd has its times too. Undefined if the machine slept, because this
 * clock stands still meanwhile, and that would look as if the time of day had been set.
 */
export function readMonotonic(uptimeSeconds: number | undefined): number | undefined {
  const sinceBoot = Number(process.hrtime.bigint()) / 1e6;
  return Math.abs((uptimeSeconds ?? 0) * 1000 - sinceBoot) < leastSleepMs ? sinceBoot : undefined;
}

/** Shorter sleep moves no time out of its slack. */
const leastSleepMs = 500;

/** A line for each, as systemctl-show.c writes it; the times are cut to seconds. */
const commandLine =
  /^Exec\w+=\{.* ; start_time=\[([^\]]*)\] ; stop_time=\[([^\]]*)\] ; pid=(\d+) ; code=.*\}$/gm;
/** For the second that is cut off, and for two clocks that are read one after the other. */
const slackMs = 1000;

function parseCommands(
  output: string,
  offsetOf: (at: number) => ReturnType<typeof findOffset>,
): readonly UnitCommand[] {
  return [...output.matchAll(commandLine)].flatMap(([, start, stop, pid]) => {
    const from = parseTime(start);
    if (from === undefined || Number(pid) === 0) return [];
    const to = parseTime(stop) ?? Number.POSITIVE_INFINITY;
    const { offsetMs, isSet } = offsetOf(from);
    const earlyMs = isSet ? 2 * slackMs : slackMs;
    return [{ pid: Number(pid), from: from + offsetMs - earlyMs, to: to + offsetMs + 2 * slackMs }];
  });
}

/** `Sun 2026-11-29 05:39:39 UTC`; `n/a` if there is none. */
function parseTime(text: string | undefined): number | undefined {
  const [, day, time] = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d+)? UTC$/.exec(text ?? '') ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${time}Z`);
}
