import type { AuditEntry, AuditPage, AuditQuery } from '../../shared/storage/audit';
import { writeJson } from '../json';
import type { Screen } from '../look/style';
import { writeTable } from '../look/table';
import { writeSpan, writeTime } from '../look/times';
import { requireThing } from '../require-thing';

export interface HistoryFlags {
  readonly thing?: string;
  readonly actor?: string;
  /** How far back, ms. */
  readonly since: number;
  readonly limit: number;
  readonly json?: boolean;
}

/** A narrower terminal has no room for a whole time beside who, what and thing. */
const withTime = 70;

interface AuditReader {
  page(query: AuditQuery): Promise<AuditPage>;
}

/** Who did what, newest first, as the timelines have it. */
export async function showHistory(
  { thing, actor, since, limit, json }: HistoryFlags,
  audit: AuditReader,
  screen: Screen,
  now: number,
): Promise<string> {
  const thingName = thing === undefined ? undefined : requireThing(thing);
  const acts: AuditEntry[] = [];
  let cursor: string | undefined;
  do {
    const query = { actor, thingName, from: now - since, to: now, cursor };
    // One more shows whether there are more.
    const page = await audit.page({ ...query, limit: Math.min(500, limit + 1 - acts.length) });
    acts.push(...page.acts);
    cursor = page.next;
  } while (cursor !== undefined && acts.length <= limit);
  const shown = acts.slice(0, limit);
  const isMore = acts.length > limit;
  if (json) return writeJson({ acts: shown, more: isMore });
  if (shown.length === 0) return 'Nobody did anything in this time.';
  return [
    ...writeTable(
      joinPlans(shown),
      [
        (screen.width ?? Infinity) < withTime
          ? { header: 'AGE', cell: ({ at }) => writeSpan(now - at), isNumber: true }
          : { header: 'TIME', cell: ({ at }) => writeTime(at) },
        { header: 'WHO', cell: ({ actor: who }) => who, format: () => 'bold', atLeast: 8 },
        { header: 'WHAT', cell: ({ what }) => what, atLeast: 8 },
        { header: 'THING', cell: ({ thingName: name }) => name, atLeast: 12 },
        { header: 'CASE', cell: ({ caseId = '' }) => caseId, leaveOut: 1 },
        { header: 'COMMENT', cell: ({ detail = '' }) => detail, atLeast: 8, leaveOut: 2 },
      ],
      screen,
    ),
    ...(isMore ? [`and more: --limit ${limit * 10} shows them`] : []),
  ].join('\n');
}

/** Shows the actions that an order planned in the order's own entry, which comes right before them. */
function joinPlans(acts: readonly AuditEntry[]): AuditEntry[] {
  const joined: AuditEntry[] = [];
  for (const act of acts) {
    const order = joined.at(-1);
    const isPlan =
      act.code === 'planned' &&
      order !== undefined &&
      order.caseId === act.caseId &&
      order.at === act.at &&
      order.actor === act.actor;
    if (!isPlan) joined.push(act);
    else
      joined[joined.length - 1] = { ...order, detail: [order.detail, act.detail].filter(Boolean).join('; ') };
  }
  return joined;
}
