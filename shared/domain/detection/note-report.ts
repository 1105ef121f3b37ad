import type { DeviceReport } from '../findings/report';
import { sumOf, sumsOf } from './report-sums';
import { findClaim, isTime, type Placed } from './report-time';
import { findSender, isForeign } from './senders';
import type { DetectState, SenderState } from './state';

/** Ids remembered of a sender: a client repeats only the few reports that were not acknowledged. */
const maxIds = 20;
/** More certificates than a thing has; a forgotten one starts again. */
const maxOwn = 4;
const maxForeign = 3;

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
