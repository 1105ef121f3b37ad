import type { DeviceReport } from '../report';
import type { DetectState, SenderState } from './state';

/** Ids remembered of a sender: a client sends again what was not acknowledged, which are few reports. */
const maxIds = 9;
/** More certificates than a thing has; one that is pushed out by others begins anew. */
const maxSenders = 4;
/** An id that is a time and this much older than the last one is a repeat, not a clock that was set back. */
const lateMs = 600_000;
const dayMs = 86_400_000;

const shortOf = (principal: string) => principal.slice(0, 16);

function find({ senders = [] }: DetectState, principal: string): SenderState | undefined {
  return senders.find((sender) => sender.principal === shortOf(principal));
}

/** Whether the sender's report came before, or came late behind a newer one. */
export function isRepeat(
  state: DetectState,
  { reportId }: DeviceReport,
  principal: string,
  at: number,
): boolean {
  const { ids = [], at: lastAt = 0 } = find(state, principal) ?? {};
  const [lastId] = ids;
  if (lastId === undefined) return false;
  if (ids.includes(reportId)) return true;
  const unitMs = findUnit(reportId, at);
  if (unitMs === undefined || Math.abs(lastId * unitMs - lastAt) >= dayMs) return false;
  // An id is the sender's word: none from the future makes what comes after it late.
  const olderMs = Math.min(lastId * unitMs, lastAt) - reportId * unitMs;
  return olderMs > 0 && olderMs <= lateMs;
}

/** Ids of most agents are the time, in s or ms. Others count, and may begin anew at a reboot. */
function findUnit(reportId: number, at: number): number | undefined {
  return [1, 1_000].find((unit) => Math.abs(reportId * unit - at) < dayMs);
}

/** When the report was made, by the device's clock: by its own word, or by an id that is a time. */
function findMadeAt({ madeAt, reportId }: DeviceReport, at: number): number | undefined {
  if (madeAt !== undefined) return Math.abs(madeAt - at) < dayMs ? madeAt : undefined;
  const unitMs = findUnit(reportId, at);
  return unitMs === undefined ? undefined : reportId * unitMs;
}

/** An agent sends what it kept while it was cut off as soon as it can connect, so later such a report is a lie or a slow clock. */
const keptMs = 600_000;

/** Whether a report that comes after a containment was made before its end. */
export function isFromBefore(
  state: DetectState,
  report: DeviceReport,
  principal: string,
  at: number,
): boolean {
  const { heldUntil } = state;
  if (heldUntil === undefined || at - heldUntil > keptMs) return false;
  const madeAt = findMadeAt(report, at);
  const { lagMs = 0 } = find(state, principal) ?? {};
  return madeAt !== undefined && madeAt + lagMs < heldUntil;
}

/** The senders, with this report of one of them. */
export function noteReport(
  state: DetectState,
  report: DeviceReport,
  principal: string,
  at: number,
): readonly SenderState[] {
  const { ids = [], lagMs } = find(state, principal) ?? {};
  const name = shortOf(principal);
  const madeAt = findMadeAt(report, at);
  const lag = madeAt === undefined ? lagMs : Math.min(lagMs ?? Number.POSITIVE_INFINITY, at - madeAt);
  const noted: SenderState = {
    ...{ principal: name, ids: [report.reportId, ...ids].slice(0, maxIds), at },
    ...(lag !== undefined && { lagMs: lag }),
  };
  const others = (state.senders ?? []).filter((sender) => sender.principal !== name);
  return [noted, ...others].slice(0, maxSenders);
}
