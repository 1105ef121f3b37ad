import type { Case, CaseBase } from './case';
import { announce } from './outbox';
import type { Reason } from './reasons';

/** After this time, and after twice as long each time that follows, a failed containment is announced again. */
export const firstReminderMs = 15 * 60_000;
/** The last is almost eight hours after the failure. */
export const mostReminders = 5;

type Reminder = NonNullable<CaseBase['reminder']>;

export function startReminding(now: number): Reminder {
  return { since: now, told: 0, dueAt: now + firstReminderMs };
}

/** Announces a failed containment again if that is due. */
export function remind(record: Case, reason: Reason, now: number): Case {
  const { reminder, ...rest } = record;
  if (!reminder || now < reminder.dueAt) return record;
  const told = reminder.told + 1;
  const nextMs = firstReminderMs * 2 ** told;
  const isLast = told >= mostReminders;
  const { since } = reminder;
  const next = isLast ? rest : { ...rest, reminder: { since, told, dueAt: now + nextMs } };
  const nobody = { code: 'nobody-on-it', since, told, ...(!isLast && { nextMs }) } as const;
  return announce(next, 'containment-failed', [nobody, reason], now);
}

/** A person takes a failed containment by an operator action, a comment or an assignment. Giving it back leaves it to the others. */
export function takeFromReminders(record: Case, isGivenBack: boolean, now: number): Case {
  const { reminder, isTaken, ...rest } = record;
  if (isGivenBack)
    return rest.status === 'containment-failed' ? { ...rest, reminder: startReminding(now) } : rest;
  return reminder || isTaken ? { ...rest, isTaken: true } : record;
}
