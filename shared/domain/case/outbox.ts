import { isEqual } from '../json';
import type { News, TimelineEvent } from './news';

/** What the case still has to publish: announced and recorded at least once, then cleared. */
export interface Outbox {
  readonly announcements: readonly PendingAnnouncement[];
  /** Violations to report to Device Defender as false positives. */
  readonly falsePositives?: readonly string[];
  readonly timeline: readonly TimelineEntry[];
}

export interface PendingAnnouncement {
  readonly seq: number;
  readonly at: number;
  readonly kind: AnnouncementKind;
  readonly news: readonly News[];
  /** For other systems only. */
  readonly quiet?: true;
}

export type AnnouncementKind =
  | 'observed'
  | 'approval-needed'
  | 'second-person'
  | 'containing'
  | 'contained'
  | 'containment-failed'
  | 'new-violation'
  | 'rejected'
  | 'refused'
  | 'approval-expired'
  | 'drift'
  | 'new-certificate'
  | 'way-round-closed'
  | 'released'
  | 'release-conflict'
  | 'dismissed';

export interface TimelineEntry {
  readonly at: number;
  readonly event: TimelineEvent;
  readonly actor?: string;
}

/** The fields of a case that are about its outbox. */
interface Publishing {
  readonly updatedAt: number;
  readonly outbox: Outbox;
  readonly timelineSeq: number;
  readonly foldedEvents?: number;
  readonly announcementSeq: number;
  readonly quiet?: true;
}

const aboutWaiting: ReadonlySet<AnnouncementKind> = new Set([
  'approval-needed',
  'new-violation',
  'approval-expired',
  'rejected',
]);

/** Whether the case still has something to publish. */
export function owesNews({
  outbox: { timeline, announcements, falsePositives = [] },
}: Pick<Publishing, 'outbox'>): boolean {
  return timeline.length + announcements.length + falsePositives.length > 0;
}

/** Queues a row of the timeline. */
export function note<C extends Publishing>(record: C, entry: TimelineEntry): C {
  const timeline = [...record.outbox.timeline, entry];
  return { ...record, updatedAt: entry.at, outbox: { ...record.outbox, timeline } };
}

const maxEventRows = 500;

/** Records an event that a device can repeat endlessly, such as a flapping alarm: after many rows, events are only counted. */
export function noteEvent<C extends Publishing>(current: C, entry: TimelineEntry): C {
  const { timelineSeq, foldedEvents = 0 } = current;
  if (timelineSeq < maxEventRows) return note(current, entry);
  const folded = { ...current, updatedAt: entry.at, foldedEvents: foldedEvents + 1 };
  return foldedEvents > 0
    ? folded
    : note(folded, { at: entry.at, event: { code: 'events-folded', rows: maxEventRows } });
}

/**
 * An announcement of these kinds is about one event, so each is shown. The other kinds are about the state of the case,
 * and only the newest matters.
 */
const ofFacts: ReadonlySet<AnnouncementKind> = new Set([
  'new-violation',
  'refused',
  'new-certificate',
  'way-round-closed',
]);

/** Facts of one announcement: the newest. */
const maxFacts = 10;

/**
 * Queues an announcement in place of an unsent one of the same kind, since only the newest state matters. It has the facts of the
 * unsent one as well.
 */
export function announce<C extends Publishing>(
  record: C,
  kind: AnnouncementKind,
  news: readonly News[],
  at: number,
): C {
  const seq = record.announcementSeq + 1;
  const others = record.outbox.announcements.filter((pending) => pending.kind !== kind);
  const unsent = record.outbox.announcements.find((pending) => pending.kind === kind && ofFacts.has(kind));
  const earlier = unsent?.news.filter((one) => !news.some((other) => isEqual(one, other))) ?? [];
  const all = [...earlier, ...news].slice(-maxFacts);
  const quiet = record.quiet && aboutWaiting.has(kind);
  const announcements = [...others, { seq, at, kind, news: all, ...(quiet && { quiet }) }];
  return { ...record, announcementSeq: seq, outbox: { ...record.outbox, announcements } };
}
