import type { Summary } from '../../shared/api/lists';
import type { CaseStatus } from '../api/types';
import { nameBehavior } from './group';
import { needsSomebody } from './status';

/** A list of cases that can be shown. */
export interface Choice {
  readonly name: string;
  readonly statuses: readonly CaseStatus[];
}

export const choices: readonly Choice[] = [
  { name: 'Needs somebody', statuses: needsSomebody },
  { name: 'In progress', statuses: ['containing', 'releasing'] },
  { name: 'Contained', statuses: ['contained'] },
  { name: 'Observed', statuses: ['observed'] },
  { name: 'Closed', statuses: ['closed'] },
];

/** The parts of the list that the address has. `behaviors` are those of a group, with commas between. */
export interface ListPlace {
  readonly show?: string | undefined;
  readonly thing?: string;
  readonly behaviors?: string | undefined;
  /** A thing group. */
  readonly group?: string | undefined;
}

/** The filters of a list. */
export type ListFilter = Omit<ListPlace, 'show'>;

export function writeAddress(place: ListPlace): string {
  const { show, ...filter } = place;
  const query = new URLSearchParams({ ...(show !== undefined && { show }), ...writeFilter(filter) });
  return query.size > 0 ? `/console?${query}` : '/console';
}

/** The filters as query parameters of the API. */
export function writeFilter({ thing = '', behaviors, group }: ListFilter): Readonly<Record<string, string>> {
  return {
    ...(thing !== '' && { thing }),
    ...(behaviors !== undefined && { behaviors }),
    ...(group !== undefined && { group }),
  };
}

export function writeGroup(behaviors: string): string {
  return behaviors === '' ? 'contained by hand' : behaviors.split(',').map(nameBehavior).join(' and ');
}

/** The name of a list in the address; the first list needs none. */
export function nameShown(choice: Choice): string | undefined {
  return choice === choices[0] ? undefined : choice.name;
}

export function countCases({ counts }: Summary, statuses: readonly CaseStatus[]): number {
  return statuses.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
}
