import { printable } from '../../shared/domain/messages/announcement';
import { writeCount } from '../../shared/domain/words';
import { describeError, isUnreadable } from '../describe-error';

/** What a check found. */
export interface Finding {
  /** `problem`: something of Cordon does not work, or would not; `note`: worth knowing; `unknown`: it could not be read. */
  readonly level: 'ok' | 'note' | 'problem' | 'unknown';
  /** The part that it is about, such as `quarantine`, or a thing's name. */
  readonly about: string;
  readonly what: string;
  /** Why it matters; of a problem or a note. */
  readonly why?: string;
  /** The command or the page that repairs it. */
  readonly mend?: string;
}

export interface Check {
  readonly about: string;
  /** Why the local stack can't say it, if that lacks the service. */
  readonly unknownLocally?: string;
  run(): Promise<readonly Finding[]>;
}

/** A deploy changes only what its template changes: what somebody changed or deleted by hand stays so. */
export const changedByHand = 'docs/changed-by-hand.md';

/** Runs all checks side by side. A check that fails is unknown, with the reason, and does not affect the others. */
export async function runChecks(
  checks: readonly Check[],
  { isLocal = false } = {},
): Promise<readonly Finding[]> {
  const results = await Promise.all(
    checks.map(async ({ about, unknownLocally, run }) => {
      try {
        return await run();
      } catch (error) {
        return [
          {
            level: 'unknown',
            about,
            what: describeFailure(error, isLocal ? unknownLocally : undefined),
          } as const,
        ];
      }
    }),
  );
  return results.flat();
}

/**
 * Describes an error of AWS by its name. A missing right is distinguished from a missing service, for which
 * `unknownLocally` gives the reason if the server is the local stack.
 */
export function describeFailure(error: unknown, unknownLocally?: string): string {
  if (!(error instanceof Error)) return `it could not be read: ${String(error)}`;
  if (/AccessDenied|UnauthorizedOperation|AuthorizationError/.test(error.name))
    return `it could not be read: ${error.message} (docs/iam/doctor.json has the rights)`;
  if (isLacking(error))
    return unknownLocally ?? 'it could not be read: this service is not there, as on the local stack';
  return `it could not be read: ${error.name}: ${describeError(error)}`;
}

/** Servers other than AWS say in many ways that they lack an operation. */
function isLacking(error: Error): boolean {
  return (
    /UnknownOperation|UnrecognizedClient|NotImplemented|InvalidAction/.test(error.name) ||
    /^Unsupported [\w-]+ path: /m.test(error.message) ||
    isUnreadable(error)
  );
}

const marks = { ok: 'ok', note: 'note', problem: 'PROBLEM', unknown: 'unknown' } as const;
const order = ['problem', 'unknown', 'note', 'ok'] as const;

/** Problems first, each with why it matters and what repairs it. */
export function writeFindings(findings: readonly Finding[]): string {
  const lines = order.flatMap((level) =>
    findings
      .filter((finding) => finding.level === level)
      .flatMap(({ about, what, why, mend }) => [
        `${marks[level].padEnd(8)} ${about}: ${what}`,
        ...(why ? [`         ${why}`] : []),
        ...(mend ? [`         -> ${mend}`] : []),
      ]),
  );
  const count = (level: Finding['level']) => findings.filter((finding) => finding.level === level).length;
  const summary = [
    writeCount(count('problem'), 'problem'),
    `${count('unknown')} unknown`,
    writeCount(count('note'), 'note'),
    `${count('ok')} ok`,
  ].join(', ');
  return [...lines.map(printable), '', summary].join('\n');
}
