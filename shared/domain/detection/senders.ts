import type { DeviceReport } from '../findings/report';
import type { DetectState, SenderState } from './state';

/** Ids remembered of a sender: a client repeats only the few reports that were not acknowledged. */
const maxIds = 20;
/** More certificates than a thing has; a forgotten one starts again. */
const maxOwn = 4;
const maxForeign = 3;
/**
 * How long a report may be delayed behind a newer one. Where an id that is a time is older than this, the clock was set
 * back.
 */
export const lateMs = 600_000;
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

/** The name of a sender in the state: the first characters of a certificate id are enough, since no one can choose it. */
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
  /** Made before a known one, so it does not show the present. */
  readonly isLate: boolean;
  /** When it was made, never after its receipt: right to compare with other reports of its sender. */
  readonly madeAt: number;
  /** The same by the clock of AWS, as far as the sender's clock is known. */
  readonly trueAt: number;
  /** Whether the device says when; else it is the time of receipt. */
  readonly isTimed: boolean;
  /** The correction of the sender's clock, and how far it is behind (state.ts). */
  readonly shiftMs?: number;
  readonly lagMs?: number;
}

/**
 * Dates a report. A sender's ids and clock order only its own reports, and no report is dated after its receipt. So a
 * wrong clock never makes a report look newer than it is, and a report that looks late can still raise an alarm.
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
  // A report that was received before the newest one, but processed after it, does not show that the clock was set
  // back.
  const isLate = sender !== undefined && (at < sender.at || isOlder(sender, report, placed.madeAt, shiftMs));
  if (isLate === 'set back')
    return { ...placed, isLate: false, madeAt: at, trueAt: at, shiftMs: tookMs, lagMs: tookMs };
  return { ...placed, isLate, shiftMs, lagMs };
}

/**
 * Whether the report was made before the newest of its sender, or only looks so because the sender's clock was set
 * back.
 */
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
  // An agent that sends the time of a report increases its ids independently of its clock.
  const isLate = word === undefined ? olderMs <= lateMs : reportId < (sender.ids[0] ?? 0);
  return isLate || 'set back';
}

function isKnown(sender: SenderState, report: DeviceReport, at: number): boolean {
  const { reportId } = report;
  if (!sender.ids.includes(reportId)) return false;
  // A counter restarts at a reboot, and then the same id means another report.
  if (!isTime(reportId, at) && at - sender.at >= lateMs) return false;
  // A client whose ids are whole seconds may send several reports with one id.
  const same = [sumOf(report), unknownSum];
  return sumsOf(sender).some((sum, index) => sender.ids[index] === reportId && same.includes(sum));
}

/** Whether the id of a counter is between two known ids. If it is lower than all of them, the counter restarted. */
function isOlderCount({ ids, at: lastAt }: SenderState, reportId: number, at: number): boolean {
  const [last = 0, ...rest] = ids;
  return at - lastAt < lateMs && reportId < last && rest.some((id) => id < reportId);
}

function newestClaim({ claimedAt, ids: [last], at }: SenderState): number | undefined {
  return claimedAt ?? (last === undefined ? undefined : readTime(last, at));
}

const isPlausible = (claimedAt: number, at: number) => claimedAt - at < dayMs && at - claimedAt < oldestMs;

/** When the report was made by the device's clock: the report's own time, or an id that is a time. */
function findClaim({ madeAt, reportId }: DeviceReport, at: number): number | undefined {
  if (madeAt === undefined) return readTime(reportId, at);
  return isPlausible(madeAt, at) ? madeAt : undefined;
}

/** Most agents use the time in s or ms as id. Others count, and may restart at a reboot. */
function readTime(reportId: number, at: number): number | undefined {
  return [reportId, reportId * 1_000].find((claimedAt) => isPlausible(claimedAt, at));
}

const isTime = (reportId: number, at: number) => readTime(reportId, at) !== undefined;

/** An agent sends kept reports as soon as it can connect; after this time, such a report is forged or has a slow clock. */
const keptMs = 600_000;

/** Whether a report that arrives after a containment was made before its end. */
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
  // The counter restarted, so its earlier ids are void.
  const isAnew = !isTimeId && !isLate && reportId < (before?.ids[0] ?? 0);
  const ids = insert(isAnew ? [] : before?.ids, reportId, isLate);
  const sums = insert(isAnew || !before ? [] : sumsOf(before), sumOf(report), isLate);
  const noted: SenderState = {
    ...{ principal: name, ids, sums, at: Math.max(at, before?.at ?? 0) },
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

/** For a report that an earlier version remembered by its id alone: any other with that id is the same. */
const unknownSum = -1;

function sumsOf({ ids, sums = [] }: SenderState): number[] {
  return ids.map((_, index) => sums[index] ?? unknownSum);
}

/** Distinguishes two reports with one id (FNV-1a, 32 bits). */
function sumOf({ metrics }: DeviceReport): number {
  let sum = 0x811c9dc5;
  for (const char of JSON.stringify(metrics)) sum = Math.imul(sum ^ (char.codePointAt(0) ?? 0), 0x01000193);
  return sum >>> 0;
}
