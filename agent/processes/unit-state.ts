import { host } from '../host';

/** What systemd says of a unit: the processes that it started itself. */
export interface UnitState {
  /** 0 where there is none. */
  readonly mainPid: number;
  /** What it runs beside that one at the moment: ExecReload=, ExecStartPost= and their like. */
  readonly controlPid: number;
}

/** Asks systemd, which answers later. */
export interface UnitStates {
  /** Milliseconds of a processor that asking took so far. */
  usedMs(): number;
  /** The answer to a question that was put at `since` or after; `asking` until it is there, undefined where none comes. */
  look(unit: string, since: number, now: number): UnitState | 'asking' | undefined;
}

type Ask = (unit: string, answer: (output: string | undefined) => void) => void;

interface Question {
  readonly askedAt: number;
  readonly answer: UnitState | 'asking' | undefined;
}

const timeoutMs = 5000;
/** A unit that starts and ends all the time is asked about so often at most. */
const leastGapMs = 1000;
const mostUnits = 64;

export const askSystemctl: Ask = (unit, answer) => {
  const args = ['show', '--property=MainPID,ControlPID', '--', unit];
  try {
    host.execFile('systemctl', args, { timeout: timeoutMs }, (error, output) =>
      answer(error ? undefined : output),
    );
  } catch {
    // No program can be started now: that is no answer.
    answer(undefined);
  }
};

/** `childrenMs`: what ended children of this process used of a processor. */
export function createUnitStates(ask: Ask, childrenMs = () => 0): UnitStates {
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
      ask(unit, (output) => {
        questions.set(unit, { askedAt: now, answer: parseUnitState(output) });
        // A little more, where something else ended meanwhile.
        usedMs += Math.max(0, childrenMs() - before);
      });
      return questions.get(unit)?.answer;
    },
  };
}

export function parseUnitState(output: string | undefined): UnitState | undefined {
  const mainPid = /^MainPID=(\d+)$/m.exec(output ?? '')?.[1];
  const controlPid = /^ControlPID=(\d+)$/m.exec(output ?? '')?.[1];
  if (mainPid === undefined || controlPid === undefined) return undefined;
  return { mainPid: Number(mainPid), controlPid: Number(controlPid) };
}
