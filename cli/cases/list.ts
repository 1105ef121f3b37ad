import { type CaseStatus, openStatuses } from '../../shared/domain/case/status';
import { describePipeline } from '../../shared/domain/heartbeat';
import type { ListedCase } from '../../shared/domain/lists/outline';
import { printable } from '../../shared/domain/messages/announcement';
import { nameFinding } from '../../shared/domain/messages/describe-value';
import type { Severity } from '../../shared/domain/severity';
import { writeCount } from '../../shared/domain/words';
import type { CaseQuery } from '../../shared/storage/case-list';
import { pageByUrgency } from '../../shared/storage/urgent-cases';
import { writeJson } from '../json';
import { type SwitchPort, writeSwitchLine } from '../kill-switch';
import { type Screen, severityFormat, statusFormat } from '../look/style';
import { type Column, writeTable } from '../look/table';
import { writeSpan } from '../look/times';
import { wrapWords } from '../look/wrap';
import { writePipelineLine } from '../pipeline';
import type { Target } from '../target';
import { describeFlood } from './floods';
import { listNext } from './list-next';

/** The selection of cases, for a list and for an operator action on many. */
interface CaseSelection {
  readonly status?: readonly CaseStatus[];
  readonly severity?: readonly Severity[];
  /** `BEHAVIOR` or `PROFILE/BEHAVIOR`. */
  readonly behavior?: string;
  /** A name, or the beginning of names and `*`. */
  readonly thing?: string;
  readonly group?: string;
  /** The assignee, or who decided last. */
  readonly actor?: string;
  /** How long ago it changed at most, ms. */
  readonly since?: number;
}

export interface ListFlags extends CaseSelection {
  readonly closed?: boolean;
  readonly limit: number;
  readonly json?: boolean;
}

export interface CaseLister {
  readonly list: Pick<Target['list'], 'page'>;
  readonly history: Pick<Target['history'], 'listClosed'>;
}

interface UrgentCaseLister extends CaseLister {
  readonly list: Pick<Target['list'], 'page' | 'readAll'>;
}

type ListTarget = UrgentCaseLister & {
  readonly killSwitch: Pick<SwitchPort, 'read'>;
  readonly floods: Pick<Target['floods'], 'list'>;
  readonly heartbeats: Pick<Target['heartbeats'], 'read'>;
};

/** The cases, those that need a person first. The kill switch is above them, unless it is off; below is the pipeline. */
export async function listCases(
  flags: ListFlags,
  { list, history, killSwitch, floods, heartbeats }: ListTarget,
  screen: Screen,
  now: number,
): Promise<string> {
  const [{ cases, isMore }, seen, flooding, newest] = await Promise.all([
    findUrgentCases(flags, { list, history }, now),
    killSwitch.read(),
    floods.list(now),
    heartbeats.read(),
  ]);
  const pipeline = newest && describePipeline(newest, now);
  if (flags.json)
    return writeJson({
      cases,
      more: isMore,
      ...(flooding.length > 0 && { floods: flooding }),
      ...(seen.state !== 'off' && { killSwitch: seen }),
      ...(pipeline && { pipeline }),
    });
  const above = writeSwitchLine(seen);
  const wrap = (line: string) => wrapWords(line, screen.width);
  const warn = (line: string) => screen.paint('yellow', wrap(line));
  return [
    ...(above ? [warn(above)] : []),
    ...flooding.map((flood) => warn(describeFlood(flood))),
    ...(cases.length > 0
      ? [...writeTable(cases, columnsAt(now), screen), wrap(writeSum(cases, isMore, flags.limit))]
      : [wrap(describeNone(flags))]),
    pipeline?.late ? warn(writePipelineLine(pipeline)) : wrap(writePipelineLine(pipeline)),
    // For a person, not for what reads lines.
    ...(screen.width === undefined ? [] : listNext(cases, !isMore && !isNarrowed(flags), screen.command)),
  ].join('\n');
}

/** As `findCases`, the most urgent of open cases first, as in the console. Closed ones have the newest first. */
async function findUrgentCases(flags: ListFlags, { list, history }: UrgentCaseLister, now: number) {
  const hasClosed = flags.closed || flags.status?.includes('closed');
  if (hasClosed) return findCases(flags, flags.limit, { list, history }, now);
  let isComplete = true;
  const page = async (query: CaseQuery) => {
    const found = await pageByUrgency({ ...query, now }, list.readAll);
    isComplete &&= found.isComplete;
    return found;
  };
  const { cases, isMore } = await findCases(flags, flags.limit, { list: { page }, history }, now);
  return { cases, isMore: isMore || !isComplete };
}

function describeNone(flags: ListFlags): string {
  const { thing } = flags;
  if (!isSelective(flags)) return 'No open case.';
  return thing === undefined || thing.endsWith('*')
    ? 'No case matches.'
    : `No case matches. --thing ${thing} selects only the thing with this name; '${thing}*' selects all names that begin with it.`;
}

/** Whether the options may leave out cases of a behavior that a command on it takes. */
function isNarrowed({ severity, thing, group, actor, since }: ListFlags): boolean {
  return [severity, thing, group, actor, since].some((one) => one !== undefined);
}

/** At most `limit` cases, and whether there are more. */
export async function findCases(
  {
    status,
    closed,
    thing,
    since,
    severity,
    behavior,
    group,
    actor,
  }: CaseSelection & { readonly closed?: boolean },
  limit: number,
  reader: CaseLister,
  now: number,
): Promise<{ cases: ListedCase[]; isMore: boolean }> {
  const isPrefix = thing?.endsWith('*') ?? false;
  const thingPrefix = isPrefix ? thing?.slice(0, -1) : thing;
  const statuses = status ?? (closed ? (['closed'] as const) : openStatuses);
  const query = {
    statuses,
    filter: { severity, behavior, group, actor, thingPrefix },
    ...(since !== undefined && { since: now - since }),
  };
  // A case whose status changes between two pages may be in both.
  const found = new Map<string, ListedCase>();
  let cursor: string | undefined;
  do {
    // A page with a filter may end before its limit; one more shows whether there are more.
    const page = await reader.list.page({ ...query, limit: Math.min(500, limit + 1 - found.size), cursor });
    for (const one of page.cases)
      if ((isPrefix || thing === undefined || one.thingName === thing) && (await isKept(one, reader, now)))
        found.set(JSON.stringify([one.thingName, one.caseId]), one);
    cursor = page.next;
  } while (cursor !== undefined && found.size <= limit);
  const cases = [...found.values()];
  return { cases: cases.slice(0, limit), isMore: cases.length > limit };
}

/** The shortest time for which closed cases are kept (docs/closed-cases.md). */
const surelyKeptMs = 30 * 86_400_000;

/** DynamoDB deletes expired cases days later, so the list compares the expiry in the case. */
async function isKept(
  { closedAt, thingName, caseId }: ListedCase,
  { history }: CaseLister,
  now: number,
): Promise<boolean> {
  if (closedAt === undefined || closedAt > now - surelyKeptMs) return true;
  const { cases, damaged } = await history.listClosed(thingName);
  return damaged.includes(caseId) || cases.some((one) => one.caseId === caseId);
}

function isSelective({ limit: _limit, json: _json, ...selection }: ListFlags): boolean {
  return Object.values(selection).some((value) => value !== undefined && value !== false);
}

const columnsAt = (now: number): readonly Column<ListedCase>[] => [
  {
    header: 'STATUS',
    cell: ({ status }) => status,
    format: ({ status }) => statusFormat(status),
    atLeast: 9,
  },
  {
    header: 'SEVERITY',
    cell: ({ severity }) => severity,
    format: ({ severity }) => severityFormat(severity),
    leaveOut: 4,
  },
  { header: 'THING', cell: ({ thingName }) => thingName, format: () => 'bold', atLeast: 12 },
  { header: 'BEHAVIOR', cell: writeBehaviors, atLeast: 10 },
  {
    header: 'AGE',
    cell: ({ closedAt, openedAt }) => writeSpan(now - (closedAt ?? openedAt)),
    isNumber: true,
  },
  { header: 'LEFT', cell: (row) => writeLeft(row, now), isNumber: true, leaveOut: 5 },
  {
    header: 'WHO',
    // The assignee, or else who decided last.
    cell: ({ assignee, lastActor = '' }) => assignee ?? lastActor,
    atLeast: 6,
    leaveOut: 3,
  },
  { header: 'CASE', cell: ({ caseId }) => caseId, leaveOut: 1 },
  { header: 'REASON', cell: ({ reason = '' }) => reason, atLeast: 20, leaveOut: 2 },
];

/** The first behavior, without its profile, and how many more there are. */
function writeBehaviors({ behaviors, moreBehaviors = 0 }: ListedCase): string {
  const [first = ''] = behaviors;
  const more = behaviors.length - 1 + moreBehaviors;
  return `${nameFinding(first.slice(first.indexOf('/') + 1))}${more > 0 ? ` +${more}` : ''}`;
}

/** The time until an approval request expires, or the thing is released. */
function writeLeft({ expiresAt, releaseAt }: ListedCase, now: number): string {
  const end = expiresAt ?? releaseAt;
  if (end === undefined) return '';
  return end <= now ? 'due' : writeSpan(end - now);
}

/** `3 cases: 1 awaiting-approval, 2 contained`. */
function writeSum(cases: readonly ListedCase[], isMore: boolean, limit: number): string {
  const counts = new Map<string, number>();
  for (const { status } of cases) counts.set(status, (counts.get(status) ?? 0) + 1);
  const parts = [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
  const more = isMore ? `, and more: --limit ${limit * 10} shows them` : '';
  return printable(`${writeCount(cases.length, 'case')}: ${parts}${more}`);
}
