import { setTimeout as pause } from 'node:timers/promises';
import { describeError } from '../describe-error';
import { type StepName, type StepResult, titleOf } from './steps';

/** A step that could not be tried, and why. */
export class NotTried extends Error {}

/** The drill ends here: a later step would prove nothing. */
export class DrillEnded extends Error {}

export interface Recorder {
  /** Starts the clock of the times, epoch ms, at the report of the violation. */
  startClock(at: number): void;
  /** Runs a step and notes how it went; `true` if it held. `run` gives a detail, or when it happened. */
  step(name: StepName, run: () => Promise<Happened | string>, options?: StepOptions): Promise<boolean>;
  results(): readonly StepResult[];
}

interface StepOptions {
  /** The drill ends if it fails. */
  readonly last?: true;
  /** Its outcome is noted though the drill was interrupted. */
  readonly always?: true;
}

interface Happened {
  /** Epoch ms. */
  readonly at: number;
  readonly detail: string;
}

/** `say` writes one line of progress. */
export function createRecorder(say: (line: string) => void, signal: AbortSignal): Recorder {
  const results: StepResult[] = [];
  let clockStart: number | undefined;

  function note(step: StepName, status: StepResult['status'], detail: string, at: number): void {
    const afterMs =
      clockStart === undefined || status === 'open' ? {} : { afterMs: Math.round(at - clockStart) };
    results.push({ step, status, ...afterMs, detail });
    const mark = { held: 'ok', failed: 'FAILED', open: 'not tried' }[status];
    say(`${titleOf(step)}: ${mark}${detail ? ` (${detail})` : ''}`);
  }

  return {
    startClock: (at) => {
      clockStart = at;
    },

    async step(name, run, { last, always } = {}) {
      try {
        const happened = await run();
        if (typeof happened === 'string') note(name, 'held', happened, Date.now());
        else note(name, 'held', happened.detail, happened.at);
        return true;
      } catch (error) {
        if (signal.aborted && !always) throw error;
        const detail = describeError(error);
        note(name, error instanceof NotTried ? 'open' : 'failed', detail, Date.now());
        if (last) throw new DrillEnded(detail);
        return false;
      }
    },

    results: () => results,
  };
}

/** Asks again and again until there is something; throws an Error with `what` after `timeoutMs`. */
export async function until<T>(
  what: string | (() => string),
  ask: () => Promise<T | undefined>,
  timeoutMs: number,
  signal: AbortSignal,
  everyMs = 100,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    if (Date.now() > deadline)
      throw new Error(
        `${typeof what === 'string' ? what : what()} (waited ${Math.round(timeoutMs / 1_000)} s)`,
      );
    await pause(everyMs, undefined, { signal });
  }
}
