import type { CaseGroup } from '../api/types';
import { statusWords } from './status';
import { writeClock } from './time';

/** Fewer are read one by one. */
const stormSize = 5;

/** Groups of alike cases that are one event for people: a storm. */
export function findStorms(groups: readonly CaseGroup[], statuses: readonly string[]): readonly CaseGroup[] {
  return groups.filter(({ status, cases }) => cases >= stormSize && statuses.includes(status));
}

/** `290 wait for approval since 02:14, all no-child-processes.` */
export function writeStorm(group: CaseGroup, now: number, zone?: string): string {
  const { status, cases, firstOpenedAt, behaviors } = group;
  const names = behaviors.map(nameBehavior);
  const all = names.length === 0 ? '' : `, all ${names.join(' and ')}`;
  return `${new Intl.NumberFormat('en-GB').format(cases)} ${statusWords[status].several} since ${writeClock(firstOpenedAt, now, zone)}${all}`;
}

/** Without its profile, which people know, and of a certificate's id as many digits as elsewhere. */
export function nameBehavior(key: string): string {
  return key.slice(key.indexOf('/') + 1).replace(/(?<=\/[0-9a-f]{8})[0-9a-f]{56}$/, '');
}
