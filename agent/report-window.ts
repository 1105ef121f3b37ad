import type { ChildSample, ProcessState } from './metrics/child-sampler';
import type { Evidence } from './metrics/evidence';

export interface WindowRules {
  readonly intervalMs: number;
  /** Report when a value or a state changes, not only at the interval. */
  readonly byException: boolean;
  /** Least time between two reports of a change. */
  readonly changeGapMs: number;
  /** How long a count must stay lower before that is told: an app that starts one command after the other is one change. */
  readonly fallHoldMs: number;
  /** How long to wait after a report that failed. */
  readonly retryMs: number;
}

/** What a report has to say of the watched processes. */
interface Told {
  readonly values: Readonly<Record<string, number | undefined>>;
  readonly processes: Readonly<Record<string, ProcessState>>;
  readonly evidence: readonly Evidence[];
}

/** What there is to report: at the interval all, on a change only that. */
export type Due = 'interval' | 'change';

/** The time since the last report to one destination: what was the most that was seen, and what is still untold. */
export interface ReportWindow {
  observe(samples: readonly ChildSample[], now: number): void;
  due(now: number): Due | undefined;
  /** Closes the window into a report and opens the next. The report is pending until `settle`. */
  take(due: Due, now: number): Told;
  /** Says what became of the pending report; what it told is kept for the next one if it failed. */
  settle(outcome: 'acknowledged' | 'failed', now: number): void;
}

interface Seen {
  readonly name: string;
  /** The most at one look, a child that came and went included. */
  readonly peak: number;
  /** What the last look saw. */
  readonly level: number;
  /** Since when the level is lower than what was told. */
  readonly fallenAt: number | undefined;
  readonly state: ProcessState;
}

interface Pending {
  readonly seen: ReadonlyMap<string, Seen>;
  readonly told: Told;
  readonly toldBefore: Told | undefined;
  readonly fullBefore: number | undefined;
}

const mostEvidence = 10;

export function createReportWindow(rules: WindowRules): ReportWindow {
  let seen = new Map<string, Seen>();
  let evidence: readonly Evidence[] = [];
  let told: Told | undefined;
  let pending: Pending | undefined;
  let fullAt: number | undefined;
  let takenAt = Number.NEGATIVE_INFINITY;
  let retryAt = Number.NEGATIVE_INFINITY;

  const tell = (now: number): Told => ({
    values: Object.fromEntries(
      [...seen].map(([metric, one]) => {
        const isFresh = evidence.some((piece) => piece.metric === metric);
        return [metric, valueToTell(rules, told?.values[metric], one, isFresh, now)];
      }),
    ),
    processes: Object.fromEntries([...seen.values()].map((one) => [one.name, one.state])),
    evidence,
  });

  return {
    observe: (samples, now) => {
      for (const sample of samples) {
        const { name, metric, state } = sample;
        const before = seen.get(metric);
        const level = Math.max(sample.children, sample.cameAndWent ? 1 : 0);
        const hasFallen = level < (told?.values[metric] ?? 0);
        const fallenAt = hasFallen ? (before?.fallenAt ?? now) : undefined;
        seen.set(metric, { name, peak: Math.max(level, before?.peak ?? 0), level, fallenAt, state });
        evidence = mergeEvidence(evidence, sample.evidence);
      }
    },
    due: (now) => {
      if (pending || now < retryAt) return undefined;
      if (fullAt === undefined || now - fullAt >= rules.intervalMs) return 'interval';
      return rules.byException && now - takenAt >= rules.changeGapMs && differs(told, tell(now))
        ? 'change'
        : undefined;
    },
    take: (due, now) => {
      const next = tell(now);
      pending = { seen, told: next, toldBefore: told, fullBefore: fullAt };
      told = next;
      if (due === 'interval') fullAt = now;
      takenAt = now;
      seen = new Map();
      evidence = [];
      return next;
    },
    settle: (outcome, now) => {
      if (!pending) return;
      if (outcome === 'failed') {
        retryAt = now + rules.retryMs;
        told = pending.toldBefore;
        fullAt = pending.fullBefore;
        evidence = mergeEvidence(pending.told.evidence, evidence);
        seen = mergeSeen(pending.seen, seen);
      }
      pending = undefined;
    },
  };
}

/** The peak while it is news; else, by exception, what is now, so that an alarm can clear. */
function valueToTell(
  rules: WindowRules,
  toldValue: number | undefined,
  { peak, level, fallenAt, state }: Seen,
  hasEvidence: boolean,
  now: number,
): number | undefined {
  const isNews = hasEvidence || peak > (toldValue ?? 0);
  const isHeld = state === 'running' && fallenAt !== undefined && now - fallenAt < rules.fallHoldMs;
  const value = isNews || !rules.byException ? peak : isHeld ? (toldValue ?? 0) : level;
  return state === 'running' || value > 0 ? value : undefined;
}

function differs(told: Told | undefined, next: Told): boolean {
  if (told === undefined || next.evidence.length > 0) return true;
  return (
    Object.entries(next.values).some(([metric, value]) => value !== told.values[metric]) ||
    Object.entries(next.processes).some(([name, state]) => state !== told.processes[name])
  );
}

/** Keeps the first ten; a second look at the same process replaces the first. */
function mergeEvidence(before: readonly Evidence[], next: readonly Evidence[]): readonly Evidence[] {
  if (next.length === 0) return before;
  const merged = new Map([...before, ...next].map((one) => [`${one.metric} ${one.pid}`, one]));
  return [...merged.values()].slice(0, mostEvidence);
}

function mergeSeen(before: ReadonlyMap<string, Seen>, next: ReadonlyMap<string, Seen>): Map<string, Seen> {
  const merged = new Map(before);
  for (const [metric, one] of next) {
    merged.set(metric, { ...one, peak: Math.max(one.peak, before.get(metric)?.peak ?? 0) });
  }
  return merged;
}
