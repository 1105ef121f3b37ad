import type { Case } from '../../shared/domain/case/case';
import { damagedItem, mendDamaged } from '../../shared/domain/damaged-item';
import { parseThing } from '../../shared/domain/thing-ref';
import type { TimelineRow } from '../../shared/timeline';
import { CliError, UsageError } from '../cli-error';
import type { Target } from '../target';

export interface FoundCase {
  readonly record: Case;
  readonly rows: readonly TimelineRow[];
}

/** The part of the table that has one case. */
export interface CaseReader {
  readonly cases: Pick<Target['cases'], 'load'>;
  readonly history: Pick<Target['history'], 'listClosed' | 'readTimeline' | 'findExpiry'>;
}

/** The newest case of a thing, or the open or closed case of an id. */
export async function findCase(name: string, reader: CaseReader): Promise<FoundCase> {
  // A case id has the characters of a thing name, too.
  const named = parseThing(name);
  if (!named)
    throw new UsageError(
      `${JSON.stringify(name)} is neither a thing name nor a case id: cordon list has both`,
    );
  const { cases, history } = reader;
  const newest = (await cases.load(named))?.value;
  if (newest) return { record: newest, rows: await history.readTimeline(newest.caseId) };
  const rows = await history.readTimeline(name);
  // Somebody may have changed the name in one row, so every thing that any row names is looked up.
  const things = [...new Set(rows.flatMap(({ thingName }) => parseThing(thingName) ?? []))];
  for (const thingName of things) {
    const current = (await cases.load(thingName))?.value;
    if (current?.caseId === name) return { record: current, rows };
    const { cases: closed, damaged } = await history.listClosed(thingName);
    const found = closed.find(({ caseId }) => caseId === name);
    if (found) return { record: found, rows };
    if (damaged.includes(name)) throw new CliError(`${name}: ${damagedItem}: ${mendDamaged.closed}`);
  }
  const expiredAt = await history.findExpiry(named);
  if (expiredAt !== undefined)
    throw new CliError(
      `${name}: its case expired at ${new Date(expiredAt).toISOString()} and is no longer kept (history.keepClosed)`,
    );
  if (rows.length > 0)
    throw new CliError(`case ${name} no longer exists, but has a timeline of ${rows.length} rows`);
  throw new CliError(
    `no thing named ${name} has a case, and no case with this id has a timeline: cordon list shows the open cases`,
  );
}
