import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';

/** One thing that was tried on the server. */
export interface Outcome {
  readonly step: string;
  readonly what: string;
  /** `unknown`: the server lacks what it needs, and says so. */
  readonly verdict: 'held' | 'unknown' | 'wrong';
  readonly detail?: string;
}

const gap = z.strictObject({ step: z.string(), what: z.string(), reason: z.string().min(20) });
export type Gap = z.output<typeof gap>;
const gapsFile = z.record(z.string(), z.array(gap));

export function readGaps(file: string, server: string): readonly Gap[] {
  return gapsFile.parse(parse(readFileSync(file, 'utf8')))[server] ?? [];
}

interface Verdict {
  /** Neither held nor listed. */
  readonly unexpected: readonly Outcome[];
  /** Listed, and no longer met: the list must shrink. */
  readonly outdated: readonly Gap[];
}

/** Compares what was tried with the list of known gaps. */
export function judgeOutcomes(outcomes: readonly Outcome[], gaps: readonly Gap[]): Verdict {
  const isOf = ({ step, what }: Gap, outcome: Outcome) =>
    step === outcome.step && what === outcome.what && outcome.verdict !== 'held';
  return {
    unexpected: outcomes.filter(
      (outcome) => outcome.verdict !== 'held' && !gaps.some((known) => isOf(known, outcome)),
    ),
    outdated: gaps.filter((known) => !outcomes.some((outcome) => isOf(known, outcome))),
  };
}

/** Errors that a busy machine, or a server that does not answer, causes. */
const late = /\b(AbortError|TimeoutError|ECONNRESET|ECONNREFUSED|timed? ?out|no answer within|not within)\b/i;

/** Why the outcomes prove nothing about Cordon: a step took too long, and its consequences look like a fault. */
export function findLate(outcomes: readonly Outcome[]): string | undefined {
  const found = outcomes.find(
    ({ verdict, what, detail }) => verdict !== 'held' && late.test(`${what} ${detail ?? ''}`),
  );
  return found && `${found.step}: ${found.what} was out of time`;
}

export function writeOutcome({ step, what, verdict, detail }: Outcome, gaps: readonly Gap[]): string {
  const known = gaps.find((one) => one.step === step && one.what === what);
  const mark = { held: 'held', unknown: 'unknown there', wrong: 'wrong' }[verdict];
  const reason = verdict === 'held' ? undefined : known?.reason;
  return [
    `${mark.padEnd(14)} ${step}: ${what}${detail && !reason ? ` (${detail})` : ''}`,
    ...(reason ? [`${''.padEnd(15)}known: ${reason}`] : []),
  ].join('\n');
}
