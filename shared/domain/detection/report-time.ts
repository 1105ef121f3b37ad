import type { DeviceReport } from '../findings/report';
import { sumOf, sumsOf, unknownSum } from './report-sums';
import { findSender } from './senders';
import type { DetectState, SenderState } from './state';

/**
 * The longest delay of a report behind a newer one. If an id that is a time is older than this, the clock was set back.
 */
export const lateMs = 600_000;

const dayMs = 86_400_000;
/** Device Defender keeps metric data for 14 days (docs/facts.md#reports), so older reports are ignored. */
const oldestMs = 14 * dayMs;

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
  /** Whether the device states the time; otherwise the times are those of the receipt. */
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
export function findClaim({ madeAt, reportId }: DeviceReport, at: number): number | undefined {
  if (madeAt === undefined) return readTime(reportId, at);
  return isPlausible(madeAt, at) ? madeAt : undefined;
}

/** Most agents use the time in s or ms as id. Others count, and may restart at a reboot. */
function readTime(reportId: number, at: number): number | undefined {
  return [reportId, reportId * 1_000].find((claimedAt) => isPlausible(claimedAt, at));
}

export const isTime = (reportId: number, at: number) => readTime(reportId, at) !== undefined;

/** An agent sends kept reports as soon as it can connect; after this time, such a report is forged or has a slow clock. */
const keptMs = 600_000;

/** Whether a report that arrives after a containment was made before its end. */
export function isFromBefore({ heldUntil }: DetectState, { isTimed, trueAt }: Placed, at: number): boolean {
  if (heldUntil === undefined || at - heldUntil > keptMs) return false;
  return at < heldUntil || (isTimed && trueAt < heldUntil);
}
