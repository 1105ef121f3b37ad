/** The exit codes for scripts (docs/operating.md). */
export const exitCodes = {
  /** The command failed for another reason than those below. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** Cordon, or AWS, refuses the command. */
  refused: 3,
  /** The outcome did not come in time. Cordon continues. */
  timedOut: 4,
  /** There is no stack to ask: no answer, no credentials, no such stage. */
  unreachable: 5,
  /** The command checked, and found a problem. */
  unwell: 6,
  interrupted: 130,
} as const;

/** What a command ends with. */
export interface Fault {
  /** One line that a user can act on, or one for each error in a cordon.yml. */
  readonly text: string;
  readonly exitCode: number;
}

/** The same for a program: `kind` is the name of the exit code. */
export function describeFault({ text, exitCode }: Fault) {
  const [kind = 'failed'] = Object.entries(exitCodes).find(([, code]) => code === exitCode) ?? [];
  return { kind, exitCode, message: text };
}

/** For the end of `--help`. */
export const exitCodeHelp = `
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 timed out (Cordon continues), 5 not reachable,
6 found a problem (agents, check, detect, doctor, drill, verify), 130 interrupted.`;
