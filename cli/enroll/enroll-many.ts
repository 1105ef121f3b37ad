import { readFileSync } from 'node:fs';
import { isThingName } from '../../shared/domain/thing-ref';
import { writeCount } from '../../shared/domain/words';
import { CliError, UsageError } from '../cli-error';
import { describeError } from '../describe-error';
import { exitCodes } from '../exit-codes';
import { explainFileFault } from '../explain-file-fault';
import { nameRule } from '../require-thing';

/** AWS IoT allows 15 CreateCertificateFromCsr and AttachPolicy calls a second; the SDK waits when it is throttled. */
const workers = 4;

/** Thing names, one on each line. Empty lines and lines that begin with # are ignored. */
export function readList(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new UsageError(`${file} can't be read${explainFileFault(cause)}`, cause);
  }
  const seen = new Map<string, number>();
  for (const [index, line] of text.split('\n').entries()) {
    const name = line.trim();
    if (name === '' || name.startsWith('#')) continue;
    if (!isThingName(name))
      throw new UsageError(
        `${file}:${index + 1}: ${JSON.stringify(name)} is not a thing name: expected ${nameRule}`,
      );
    const before = seen.get(name);
    if (before !== undefined)
      throw new UsageError(
        `${file}:${index + 1}: ${name} is already on line ${before}: remove one of the lines`,
      );
    seen.set(name, index + 1);
  }
  if (seen.size === 0) throw new UsageError(`${file} has no thing names: write each on a line of its own`);
  return [...seen.keys()];
}

/** Enrolls things, a few at a time, and continues if one fails. */
export async function enrollMany(
  names: readonly string[],
  enrollOne: (name: string) => Promise<string>,
): Promise<{ readonly text: string; readonly exitCode: number }> {
  const lines = new Map<string, string>();
  /** The exit code of each that failed. */
  const failed: number[] = [];
  const queue = names.values();
  async function work(): Promise<void> {
    for (const name of queue) {
      try {
        lines.set(name, await enrollOne(name));
      } catch (error) {
        failed.push(error instanceof CliError ? error.exitCode : exitCodes.failed);
        lines.set(name, `${name} FAILED: ${describeError(error)}`);
      }
    }
  }
  await Promise.all(Array.from({ length: workers }, work));
  const end = `${names.length - failed.length} of ${writeCount(names.length, 'thing')} enrolled.${
    failed.length > 0 ? ' Run the same command again for the others.' : ''
  }`;
  const [first = 0] = failed;
  const exitCode = failed.every((code) => code === first) ? first : exitCodes.failed;
  return { text: [...names.map((name) => lines.get(name)), end].join('\n'), exitCode };
}
