import { groupsOfKeys, isOfGroup } from '../findings/finding';
import { isEqual } from '../json';
import type { Severity } from '../severity';
import type { ListedCase } from './outline';

/** Selects cases of a list. A case must match every given part. */
export interface CaseFilter {
  readonly severity?: readonly Severity[] | undefined;
  /** `BEHAVIOR` or `PROFILE/BEHAVIOR`. */
  readonly behavior?: string | undefined;
  /** These and no others, as a group of the summary has them. */
  readonly behaviors?: readonly string[] | undefined;
  /** The beginning of the thing's name. */
  readonly thingPrefix?: string | undefined;
  readonly group?: string | undefined;
  readonly playbook?: string | undefined;
  /** The assignee, or who acted last. */
  readonly actor?: string | undefined;
  /** Epoch ms. */
  readonly openedSince?: number | undefined;
  readonly openedBefore?: number | undefined;
}

/**
 * Whether a case matches. A list has the first five behaviors of a case, those in alarm before others, and the first
 * ten groups.
 */
export function matchesFilter(listed: ListedCase, filter: CaseFilter): boolean {
  const { severity, behavior, behaviors, thingPrefix, group, playbook, actor } = filter;
  const { openedSince, openedBefore } = filter;
  return (
    (!severity || severity.includes(listed.severity)) &&
    (behavior === undefined || listed.behaviors.some((key) => isOfGroup(key, behavior))) &&
    (behaviors === undefined || isEqual(groupsOfKeys(listed.behaviors), behaviors.toSorted())) &&
    (thingPrefix === undefined || listed.thingName.startsWith(thingPrefix)) &&
    (group === undefined || (listed.groups ?? []).includes(group)) &&
    (playbook === undefined || listed.playbook === playbook) &&
    (actor === undefined || listed.assignee === actor || listed.lastActor === actor) &&
    (openedSince === undefined || listed.openedAt >= openedSince) &&
    (openedBefore === undefined || listed.openedAt < openedBefore)
  );
}
