import type { Case } from '../../shared/domain/case/case';
import { findKeptUntil } from '../../shared/domain/case/keeping';
import { printable } from '../../shared/domain/messages/announcement';
import { writeCount } from '../../shared/domain/words';
import { findTampering, type TimelineRow } from '../../shared/timeline';
import { CliError, UnwellError } from '../cli-error';
import { type CaseReader, findCase } from './find-case';

export interface ChainCheck {
  readonly rows: number;
  /** The number of lines that `show` prints for these rows: a row has all entries that were written at once. */
  readonly entries: number;
  readonly whole: boolean;
  readonly faults: readonly string[];
  /** When its rows expired, epoch ms: there is nothing to check. */
  readonly expiredAt?: number;
  /** Entries of the case that are not yet in the timeline. */
  readonly pending: number;
}

/** Compares a timeline with the hash of the newest row in its case. */
export function checkChain(record: Case, rows: readonly TimelineRow[], now: number): ChainCheck {
  const { timelineHead, timelineSeq, outbox } = record;
  const keptUntil = findKeptUntil(record) ?? Infinity;
  // The table deletes rows individually, so remaining rows prove nothing.
  if (keptUntil <= now)
    return { rows: 0, entries: 0, whole: false, faults: [], expiredAt: keptUntil, pending: 0 };
  // Sorted by number, because the keys begin with a time, and the clocks of two machines may differ.
  const ordered = rows.toSorted((a, b) => numberOf(a) - numberOf(b));
  const last = ordered.at(-1);
  // The invocation ended after writing this row and before saving the case. The row will be overwritten.
  const halfWritten =
    outbox.timeline.length > 0 && last?.previousHash === timelineHead && numberOf(last) === timelineSeq;
  const settled = halfWritten ? ordered.slice(0, -1) : ordered;
  const faults = findTampering(settled, timelineHead);
  if (settled.length !== timelineSeq)
    faults.push(`the number of rows is ${settled.length}, but the case wrote ${timelineSeq}`);
  return {
    rows: settled.length,
    entries: settled.reduce((sum, { entries }) => sum + entries.length, 0),
    whole: faults.length === 0,
    faults,
    pending: outbox.timeline.length,
  };
}

function numberOf({ sk }: TimelineRow): number {
  return Number(String(sk).split('#')[1]);
}

/** A case, its timeline and their check. Reads again if the case changed between the two reads. */
export async function readChain(name: string, reader: CaseReader, clock = Date.now) {
  let found = await findCase(name, reader);
  let chain = checkChain(found.record, found.rows, clock());
  for (let look = 1; look < 5 && !chain.whole && chain.expiredAt === undefined; look += 1) {
    const again = await findCase(name, reader);
    const same = again.record.timelineHead === found.record.timelineHead;
    found = again;
    chain = checkChain(found.record, found.rows, clock());
    if (same) break;
  }
  return { ...found, chain };
}

/** What `verify` answers: the case, and what the check of its timeline found. */
export async function checkCase(name: string, reader: CaseReader, clock = Date.now) {
  const { record, chain } = await readChain(name, reader, clock);
  const { caseId, thingName, status } = record;
  if (chain.expiredAt !== undefined)
    throw new CliError(
      `${nameCase(record)}: its timeline expired at ${new Date(chain.expiredAt).toISOString()}, nothing to verify`,
    );
  const { rows, entries, whole, faults, pending } = chain;
  return { caseId, thingName, status, rows, entries, whole, faults, pending };
}

function nameCase({ caseId, thingName, status }: Pick<Case, 'caseId' | 'thingName' | 'status'>): string {
  return `case ${caseId} of ${thingName} (${status})`;
}

/** Confirms that a case's timeline is complete, or throws an error with all its faults. */
export async function verifyCase(name: string, reader: CaseReader, clock = Date.now): Promise<string> {
  const check = await checkCase(name, reader, clock);
  const title = nameCase(check);
  const lines = check.whole
    ? [`${title}: ${writeCount(check.entries, 'entry')} in ${writeCount(check.rows, 'row')}, chain whole`]
    : [
        `${title}: ${writeCount(check.rows, 'row')}, chain BROKEN`,
        ...check.faults.map((fault) => `  ${fault}`),
      ];
  if (check.pending > 0)
    lines.push(
      `  not yet written: ${writeCount(check.pending, 'entry')}; respond is running, or the sweep will continue`,
    );
  if (!check.whole) throw new UnwellError(lines);
  return lines.map(printable).join('\n');
}
