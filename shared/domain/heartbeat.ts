/**
 * The name that the heartbeat has where an alert names its thing. No thing can have it, so a heartbeat, also a forged one,
 * reaches no case.
 */
export const heartbeatName = 'cordon-heartbeat';

/** When a heartbeat was at each stage of its way, epoch ms. */
export interface Heartbeat {
  /** `sweep` published it on the alerts topic. */
  readonly sentAt: number;
  /** `intake` took it from the alerts queue. */
  readonly takenAt: number;
  /** `respond` took it from the commands queue. */
  readonly arrivedAt: number;
  /** The announcements topic accepted it. */
  readonly announcedAt: number;
}

/** What the newest heartbeat says about the pipeline. */
export interface Pipeline extends Heartbeat {
  /** Time through all stages. */
  readonly ms: number;
  readonly ageMs: number;
  /** No heartbeat comes through. */
  readonly late: boolean;
}

/** One is sent each minute. A single missing one may be due to a late run of the sweep, two are not. */
const lateMs = 180_000;

export function describePipeline(newest: Heartbeat, now: number): Pipeline {
  const ageMs = Math.max(0, now - newest.announcedAt);
  return { ...newest, ms: measureWay(newest), ageMs, late: now - newest.sentAt > lateMs };
}

/** The functions have separate clocks, so the difference may be negative. */
export function measureWay({ sentAt, announcedAt }: Heartbeat): number {
  return Math.max(0, announcedAt - sentAt);
}
