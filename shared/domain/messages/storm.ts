import type { Case } from '../case/case';
import type { AnnouncementKind } from '../case/outbox';
import { openViolations } from '../case/violation-record';
import { isDrill } from '../drill';
import { findingGroup } from '../findings/finding';
import type { ThingKey } from '../thing-ref';
import { isForDigest } from './digest';

/** More things than `cases` with a new case of one behavior `within` this time (ms) are a storm. */
export interface StormLimit {
  readonly cases: number;
  readonly within: number;
}

/** `notify.storm` of cordon.yml. */
export type StormSetting = 'off' | StormLimit | undefined;

export function readStormLimit(setting: StormSetting): StormLimit | undefined {
  return setting === 'off' ? undefined : (setting ?? { cases: 5, within: 600_000 });
}

export interface Storm {
  readonly id: string;
  /** When its first case was opened, and about when its last one was. */
  readonly since: number;
  readonly lastAt: number;
  /** The sweep announces its end at the next run; from now on, each case has its own messages. */
  readonly over?: true;
  /** The last announcement to people. */
  readonly told?: StormTold;
}

export interface StormTold {
  /** Cases by status, in one text. */
  readonly counts: string;
  /** The number of cases when all channels showed it last. */
  readonly cases: number;
  /** How many waited for approval then, or fewer since. */
  readonly waiting: number;
  readonly channels?: readonly string[];
}

/** The stored state of the storms of one behavior. */
export interface StormState {
  /** New cases that were announced one by one, oldest first. */
  readonly opened: readonly { readonly thingName: ThingKey; readonly at: number }[];
  /** Storms whose end was not announced, oldest first. */
  readonly storms: readonly Storm[];
}

interface Opened {
  readonly thingName: ThingKey;
  readonly caseId: string;
  /** When the case was opened. */
  readonly at: number;
}

/** Later cases join the last storm until the sweep has announced its end. */
const maxStorms = 10;
/** A storm's last time may be this fraction of `within` old, so that not each of its cases costs a write. */
const coarse = 10;

/** Takes a new case: into a storm, whose id is given, or to be announced by itself. `next` is absent if nothing changes. */
export function noteOpened(
  { opened, storms }: StormState,
  { thingName, caseId, at }: Opened,
  { cases, within }: StormLimit,
): { readonly storm?: string; readonly next?: StormState } {
  const last = storms.at(-1);
  if (last && (at - last.lastAt < within || storms.length >= maxStorms)) {
    const { over, ...current } = last;
    if (!over && at - last.lastAt < within / coarse) return { storm: last.id };
    const joined = { ...current, lastAt: Math.max(at, last.lastAt) };
    return { storm: last.id, next: { opened, storms: [...storms.slice(0, -1), joined] } };
  }
  const recent = opened.filter((one) => one.thingName !== thingName && at - one.at < within);
  const all = [...recent, { thingName, at }];
  if (all.length <= cases) return { next: { opened: all, storms } };
  const times = all.map((one) => one.at);
  const storm: Storm = { id: `storm-${caseId}`, since: Math.min(...times), lastAt: Math.max(...times) };
  return { storm: storm.id, next: { opened: [], storms: [...storms, storm] } };
}

/** All other kinds need somebody for this case alone. */
const covered: ReadonlySet<AnnouncementKind> = new Set<AnnouncementKind>([
  ...['observed', 'approval-needed', 'containing', 'contained', 'new-violation', 'rejected'],
  ...['approval-expired', 'released', 'dismissed'],
] as AnnouncementKind[]);

/** Whether the message of a storm says it as well. */
export function isCovered(kind: AnnouncementKind): boolean {
  return covered.has(kind);
}

/**
 * The behavior that a new case counts for, or the sender or check of another finding; undefined if people get no message
 * of it, or a person opened it.
 */
export function findStormBehavior(record: Case, digests: boolean | undefined): string | undefined {
  if (isDrill(record.thingName)) return undefined;
  const { announcements } = record.outbox;
  const isForNobody = announcements.every((one) => one.quiet || (digests && isForDigest(one)));
  if (record.status === 'observed' && isForNobody) return undefined;
  const [first] = openViolations(record);
  return first && findingGroup(first);
}
