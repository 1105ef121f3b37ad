import { openStatuses } from '../case/status';
import { groupsOfKeys } from '../findings/finding';
import { groupBy } from '../group-by';
import { compareSeverity } from '../severity';
import type { ListedCase } from './outline';

/** Cases of one status with the same behaviors. One group can describe a whole storm. */
interface CaseGroup extends Pick<ListedCase, 'status' | 'behaviors' | 'severity'> {
  readonly cases: number;
  readonly firstOpenedAt: number;
  readonly lastOpenedAt: number;
  /** When the first question for approval among them expires. */
  readonly firstExpiresAt?: number;
  /** Cases with an assignee. */
  readonly assigned: number;
  /** The first of them by name. */
  readonly things: readonly string[];
}

export interface CaseSummary {
  readonly counts: Readonly<Partial<Record<ListedCase['status'], number>>>;
  /** The groups by urgency; within a status the largest first. */
  readonly groups: readonly CaseGroup[];
  /** How many groups are not listed. */
  readonly moreGroups?: number;
}

const maxGroups = 50;
const maxThings = 5;

export function summarizeCases(listed: readonly ListedCase[]): CaseSummary {
  const byStatus = groupBy(listed, ({ status }) => status);
  const groups = [
    ...groupBy(listed, ({ status, behaviors }) => JSON.stringify([status, groupsOfKeys(behaviors)])).values(),
  ]
    .map(describeGroup)
    .toSorted((a, b) => rankOf(a) - rankOf(b) || b.cases - a.cases || a.firstOpenedAt - b.firstOpenedAt);
  return {
    counts: Object.fromEntries([...byStatus].map(([status, { length }]) => [status, length])),
    groups: groups.slice(0, maxGroups),
    ...(groups.length > maxGroups && { moreGroups: groups.length - maxGroups }),
  };
}

function describeGroup(alike: readonly ListedCase[]): CaseGroup {
  const opened = alike.map(({ openedAt }) => openedAt);
  const expires = alike.flatMap(({ expiresAt }) => expiresAt ?? []);
  const worst = alike.reduce((one, other) =>
    compareSeverity(one.severity, other.severity) < 0 ? other : one,
  );
  return {
    status: worst.status,
    behaviors: groupsOfKeys(worst.behaviors),
    severity: worst.severity,
    cases: alike.length,
    firstOpenedAt: least(opened),
    lastOpenedAt: -least(opened.map((at) => -at)),
    ...(expires.length > 0 && { firstExpiresAt: least(expires) }),
    assigned: alike.filter(({ assignee }) => assignee !== undefined).length,
    // Whatever the order they were read in, the answer is the same.
    things: alike
      .map(({ thingName }) => thingName)
      .toSorted()
      .slice(0, maxThings),
  };
}

/** The least of any number of values: Math.min takes only so many arguments. */
function least(values: readonly number[]): number {
  return values.reduce((one, other) => Math.min(one, other), Number.POSITIVE_INFINITY);
}

function rankOf({ status }: CaseGroup): number {
  return (openStatuses as readonly string[]).indexOf(status);
}
