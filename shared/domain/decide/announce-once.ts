import type { Case } from '../case/case';
import type { ViolationRecord } from '../case/violation-record';
import type { Context } from './decision';

/** Within this time, people get one announcement of a behavior, however often its alarm begins and ends. */
const toldForMs = 10 * 60_000;

/**
 * How many behaviors of a thing are announced within this time, across its cases, since a device can end an observed case
 * by clearing its alarm. Further ones are recorded without an announcement.
 */
const maxTold = 5;

/** Takes a step that announces, without the announcement if the behavior was just announced. */
export function announceOnce(
  current: Case,
  key: string,
  known: ViolationRecord | undefined,
  act: (current: Case) => Case,
  { now, isAlwaysTold = false }: Context & { readonly isAlwaysTold?: boolean },
): Case {
  const isRecent = (toldAt: number | undefined) => toldAt !== undefined && now - toldAt < toldForMs;
  const others = Object.entries(current.violations).filter(
    ([other, { toldAt }]) => other !== key && isRecent(toldAt),
  );
  const acted = act(current);
  const next = others.length === maxTold - 1 ? hintAtMore(acted, current) : acted;
  const isKnown = isRecent(known?.toldAt) || (others.length >= maxTold && !isAlwaysTold);
  const quiet = isKnown && next.status === current.status;
  const { announcements } = current.outbox;
  if (quiet)
    return { ...next, announcementSeq: current.announcementSeq, outbox: { ...next.outbox, announcements } };
  const entry = next.violations[key];
  return entry ? { ...next, violations: { ...next.violations, [key]: { ...entry, toldAt: now } } } : next;
}

/** Adds to the present announcement that further behaviors cause no message. */
function hintAtMore(next: Case, before: Case): Case {
  const announcements = next.outbox.announcements.map((pending) =>
    pending.seq > before.announcementSeq
      ? { ...pending, news: [...pending.news, { code: 'others-violated' } as const] }
      : pending,
  );
  return { ...next, outbox: { ...next.outbox, announcements } };
}
