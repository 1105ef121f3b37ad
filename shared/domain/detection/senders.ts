import type { DeviceReport } from '../findings/report';
import type { DetectState, SenderState } from './state';

/** Ids remembered of a sender: a client sends again what was not acknowledged, which are few reports. */
const maxIds = 20;
/** More certificates than a thing has; one that is pushed out by others begins anew. */
const maxOwn = 4;
const maxForeign = 3;
/**
 * How long a report may be on its way behind a newer one. By more than this, an id that is a time tells of a clock that
 * was set back.
 */
export const lateMs = 600_000;
/** No device begins anew sooner. */
const bootMs = 1_000;
const dayMs = 86_400_000;
/** Device Defender keeps metric data for 14 days (docs/facts.md#reports), so older reports are ignored. */
const oldestMs = 14 * dayMs;

/** Who sent a report of a thing. */
export interface Reporter {
  /** Its certificate. */
  readonly principal: string;
  /** Whether it connected as the thing. */
  readonly isOwn: boolean;
}

const foreignMark = 'foreign:';

/** As the state names a sender: of a certificate enough to tell one from another, since nobody chooses its id. */
export function senderName({ principal, isOwn }: Reporter): string {
  const short = /^[0-9a-f]{64}$/.test(principal) ? principal.slice(0, 16) : principal.slice(0, 256);
  return isOwn ? short : foreignMark + short;
}

export function isForeign(name: string): boolean {
  return name.startsWith(foreignMark);
}

export function findSender({ senders = [] }: DetectState, name: string): SenderState | undefined {
  return senders.find(({ principal }) => principal === name);
}

/** A report in the order in which its sender made them. */
export interface Placed {
  /** The same as one before. */
  readonly isRepeat: boolean;
  /** Made before one that is known: it says nothing of what is now. */
  readonly isLate: boolean;
  /** When it was made, never after its receipt: right to compare with other reports of its sender. */
  readonly madeAt: number;
  /** The same by the clock of AWS, as far as the sender's clock is known. */
  readonly trueAt: number;
  /** Whether the device says when; else it is the time of receipt. */
  readonly isTimed: boolean;
  /** What the sender's clock is to be corrected by, and how far it is behind (state.ts). */
  readonly shiftMs?: number;
  readonly lagMs?: number;
}

/**
 * The sender's word, its ids and its clock, counts among its own reports alone, and never beyond the receipt: a wrong or
 * lying clock makes no report newer than it is, and a report that is late by it can still raise an alarm.
 */
export function place(state: DetectState, report: DeviceReport, name: string, at: number): Placed {
  const sender = findSender(state, name);
  const isRepeat = sender !== undefined && isKnown(sender, report, at);
  const claimedAt = findClaim(report, at);
  if (claimedAt === undefined) {
    const isLate = sender !== undefined && (at < sender.at || isOlderCount(sender, report.reportId, at));
    return { isRepeat, isLate, madeAt: at, trueAt: at, isTimed: false };
  }
  const tookMs = at - claimedAt;
  const shiftMs = Math.min(sender?.shiftMs ?? 0, tookMs);
  const lagMs = Math.min(sender?.lagMs ?? tookMs, tookMs);
  const placed = { isRepeat, isTimed: true, madeAt: claimedAt + shiftMs, trueAt: claimedAt + lagMs };
  const isLate = sender !== undefined && isOlder(sender, report, placed.madeAt, shiftMs);
  if (isLate === 'set back')
    return { ...placed, isLate: false, madeAt: at, trueAt: at, shiftMs: tookMs, lagMs: tookMs };
  return { ...placed, isLate: isLate || (sender !== undefined && at < sender.at), shiftMs, lagMs };
}

/** Whether it was made before the newest of its sender; or the sender's clock was set back, and is right by the receipt. */
function isOlder(
  sender: SenderState,
  { madeAt: word, reportId }: DeviceReport,
  madeAt: number,
  shiftMs: number,
): boolean | 'set back' {
  const newest = newestClaim(sender);
  if (newest === undefined) return false;
  const olderMs = Math.min(newest + shiftMs, sender.at) - madeAt;
  if (olderMs <= 0) return false;
  // An agent that says when a report was made counts its ids up whatever its clock does.
  const isLate = word === undefined ? olderMs <= lateMs : reportId < (sender.ids[0] ?? 0);
  return isLate || 'set back';
}

function isKnown({ ids, sums, at: lastAt }: SenderState, report: DeviceReport, at: number): boolean {
  const known = ids.indexOf(report.reportId);
  if (known < 0) return false;
  if (isTime(report.reportId, at) || at - lastAt < bootMs) return true;
  // A counter begins anew at a reboot, and then the same id is another report.
  return at - lastAt < lateMs && sums?.[known] === sumOf(report);
}

/** Between two ids of a counter that are known. One that is below all of them began anew. */
function isOlderCount({ ids, at: lastAt }: SenderState, reportId: number, at: number): boolean {
  const [last = 0, ...rest] = ids;
  return at - lastAt < lateMs && reportId < last && rest.some((id) => id < reportId);
}

function newestClaim({ claimedAt, ids: [last], at }: SenderState): number | undefined {
  return claimedAt ?? (last === undefined ? undefined : readTime(last, at));
}

const isPlausible = (claimedAt: number, at: number) => claimedAt - at < dayMs && at - claimedAt < oldestMs;

/** When the report was made, by the device's clock: by its own word, or by an id that is a time. */
function findClaim({ madeAt, reportId }: DeviceReport, at: number): number | undefined {
  if (madeAt === undefined) return readTime(reportId, at);
  return isPlausible(madeAt, at) ? madeAt : undefined;
}

/** Ids of most agents are the time, in s or ms. Others count, and may begin anew at a reboot. */
function readTime(reportId: number, at: number): number | undefined {
  return [reportId, reportId * 1_000].find((claimedAt) => isPlausible(claimedAt, at));
}

const isTime = (reportId: number, at: number) => readTime(reportId, at) !== undefined;

/** An agent sends what it kept while it was cut off as soon as it can connect, so later such a report is a lie or a slow clock. */
const keptMs = 600_000;

/** Whether a report that comes after a containment was made before its end. */
export function isFromBefore({ heldUntil }: DetectState, { isTimed, trueAt }: Placed, at: number): boolean {
  if (heldUntil === undefined || at - heldUntil > keptMs) return false;
  return at < heldUntil || (isTimed && trueAt < heldUntil);
}

/** The senders, with this report of one of them. */
export function noteReport(
  state: DetectState,
  report: DeviceReport,
  name: string,
  placed: Placed,
  at: number,
): readonly SenderState[] {
  const before = findSender(state, name);
  const { isLate, lagMs = before?.lagMs, shiftMs = before?.shiftMs } = placed;
  const { reportId } = report;
  const claimedAt = isLate ? before?.claimedAt : findClaim(report, at);
  const isTimeId = isTime(reportId, at);
  // A counter that started again: its earlier ids mean nothing any more.
  const isAnew = !isTimeId && !isLate && reportId < (before?.ids[0] ?? 0);
  const ids = insert(isAnew ? [] : before?.ids, reportId, isLate);
  const sums = isTimeId ? undefined : insert(isAnew ? [] : before?.sums, sumOf(report), isLate);
  const noted: SenderState = {
    ...{ principal: name, ids, at: Math.max(at, before?.at ?? 0) },
    ...(sums && { sums }),
    ...(claimedAt !== undefined && { claimedAt }),
    ...(lagMs !== undefined && { lagMs }),
    ...(shiftMs && { shiftMs }),
  };
  const others = (state.senders ?? []).filter(({ principal }) => principal !== name);
  const all = [noted, ...others];
  const own = all.filter(({ principal }) => !isForeign(principal)).slice(0, maxOwn);
  const foreign = all.filter(({ principal }) => isForeign(principal)).slice(0, maxForeign);
  return [...own, ...foreign];
}

/** The newest comes first, and a late one after it. */
function insert(before: readonly number[] = [], one: number, isLate: boolean): number[] {
  const all = isLate ? [...before.slice(0, 1), one, ...before.slice(1)] : [one, ...before];
  return all.slice(0, maxIds);
}

/** Tells two reports with one id apart (FNV-1a, 32 bits). */
function sumOf({ metrics }: DeviceReport): number {
  let sum = 0x811c9dc5;
  for (const char of JSON.stringify(metrics)) sum = Math.imul(sum ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return sum >>> 0;
}
