import type { Playbook } from '../configuration';
import type { MetricValue, Violation } from '../findings/violation';
import { type Claim, findExceptions } from '../guards/exceptions';
import { matchesFinding } from '../guards/find-playbook';

/** The record of an open alarm that an exception covers. */
export interface Excepted {
  /** Playbooks whose exceptions have covered all of it so far. */
  readonly by: readonly string[];
  /** The last value. Exceptions covered all of it. */
  readonly value: MetricValue;
}

type Alarm = Claim & Pick<Violation, 'securityProfileName' | 'behaviorName'>;

/**
 * Follows an excepted alarm through its datapoints. While it is open, further children raise no separate alarm, but a child
 * that is no exception raises it again.
 */
export function followExceptions(
  before: Excepted | undefined,
  isOpen: boolean,
  isBad: boolean,
  alarm: Alarm,
  playbooks: readonly Playbook[],
): { readonly excepted?: Excepted; readonly isNews: boolean } {
  const { value = {} } = alarm;
  const known = isOpen ? before : undefined;
  if (isOpen && !known) return { isNews: false };
  if (!isBad) return { ...(known && { excepted: { by: known.by, value } }), isNews: false };
  const by = playbooks
    .filter(({ name, when }) => known?.by.includes(name) ?? matchesFinding(when, alarm))
    .filter(({ unless }) => findExceptions(unless, alarm, known?.value) !== undefined)
    .map(({ name }) => name);
  return {
    ...(by.length > 0 && { excepted: { by, value } }),
    isNews: known !== undefined && by.length < known.by.length,
  };
}
