import { ownField } from '../own-field';
import { type Evidence, mergeEvidence } from '../processes/evidence';
import type { Caveat, MetricSample, MetricValue, ProcessState } from '../processes/metric-sample';
import { carryOver, follow, isNews, rises, type Track, toldOf, valueToTell } from './report-values';

export interface WindowRules {
  readonly intervalMs: number;
  /** Report when a value or a state changes, not only at the interval. */
  readonly byException: boolean;
  /** Time between two reports of a change. After twice that without one, the next two may follow at once. */
  readonly changeGapMs: number;
  /** How long a count must stay lower before it is reported. */
  readonly fallHoldMs: number;
}

/** The metrics part of a report. */
interface Told {
  readonly values: Readonly<Record<string, MetricValue | undefined>>;
  readonly processes: Readonly<Record<string, ProcessState>>;
  readonly failures: Readonly<Record<string, string>>;
  readonly caveats: readonly Caveat[];
  /** The exceptions of the configuration that children were, by metric. */
  readonly exceptions: Readonly<Record<string, readonly string[]>>;
  /** A value is higher than reported, or has a new member. */
  readonly isRise: boolean;
  readonly evidence: readonly Evidence[];
}

/** What to report: everything at the interval, only the change on a change. */
export type Due = 'interval' | 'change';

/** The time since the last report to one destination: the peaks, and what is not yet reported. */
export interface ReportWindow {
  observe(samples: readonly MetricSample[], now: number): void;
  due(now: number): Due | undefined;
  /** Closes the window with a report, and opens the next one. */
  take(due: Due, now: number): Told;
  /** The custom metrics as the report has them: items of a list that it had no room for are not reported yet. */
  noteReported(metrics: Readonly<Record<string, readonly [MetricValue]>>): void;
  /** Whether a higher count or a new process was seen since the last report, which must not get lost. */
  hasUntold(): boolean;
}

/** Everything that is not yet reported. */
interface Untold {
  readonly tracks: ReadonlyMap<string, Track>;
  readonly evidence: readonly Evidence[];
  /**
   * Such names are reported together with the count, not at once: otherwise an app that always runs commands would
   * cause a report each time.
   */
  readonly traces: readonly Evidence[];
  /** Since when counts are lower than in the report before. */
  readonly fallen: ReadonlyMap<string, number>;
}

export function createReportWindow(rules: WindowRules): ReportWindow {
  let untold: Untold = { tracks: new Map(), evidence: [], traces: [], fallen: new Map() };
  let told: Told | undefined;
  /** The values that were reported before that, and those of the report itself. */
  let toldBefore: Told['values'] | undefined;
  let taken: Told['values'] = {};
  let fullAt: number | undefined;
  let takenAt = Number.NEGATIVE_INFINITY;
  /** The report before that one. */
  let takenBefore = Number.NEGATIVE_INFINITY;

  return {
    observe: (samples, now) => {
      const tracks = new Map(untold.tracks);
      let { evidence, traces } = untold;
      for (const sample of samples) {
        const { metric } = sample;
        tracks.set(
          metric,
          follow(tracks.get(metric), sample, ownField(told?.values, metric), now, untold.fallen.get(metric)),
        );
        evidence = mergeEvidence(evidence, sample.evidence);
        traces = mergeEvidence(traces, sample.traces);
      }
      untold = { ...untold, tracks, evidence, traces };
    },
    due: (now) => {
      if (fullAt === undefined || now - fullAt >= rules.intervalMs) return 'interval';
      // A change soon after a report, such as a child of an app that just started, must not wait for the gap.
      if (now - takenAt < rules.changeGapMs && now - takenBefore < 2 * rules.changeGapMs) return undefined;
      // Even if changes are reported at the interval, a rise becomes a report at once, so that it is stored on disk.
      if (!rules.byException) return isRise(untold, told) ? 'change' : undefined;
      return differs(untold, told, compose(untold, told, rules, 'change', now)) ? 'change' : undefined;
    },
    take: (due, now) => {
      const next = compose(untold, told, rules, due, now);
      toldBefore = told?.values;
      taken = next.values;
      told = { ...next, values: markTold(taken, toldBefore) };
      if (due === 'interval') fullAt = now;
      takenBefore = takenAt;
      takenAt = now;
      untold = {
        tracks: carryAll(untold.tracks, due),
        evidence: [],
        traces: [],
        fallen: listFallen(untold.tracks),
      };
      return next;
    },
    noteReported: (metrics) => {
      if (told) told = { ...told, values: markTold(taken, toldBefore, metrics) };
    },
    hasUntold: () => isRise(untold, told),
  };
}

function markTold(
  next: Told['values'],
  told: Told['values'] = {},
  reported: Readonly<Record<string, readonly [MetricValue]>> = {},
): Told['values'] {
  return Object.fromEntries(
    Object.entries(next).map(([metric, value]) => [
      metric,
      toldOf(value, ownField(told, metric), ownField(reported, metric)?.[0]),
    ]),
  );
}

function isRise({ tracks, evidence }: Pick<Untold, 'tracks' | 'evidence'>, told: Told | undefined): boolean {
  return (
    evidence.length > 0 || [...tracks].some(([metric, track]) => rises(track, ownField(told?.values, metric)))
  );
}

function compose(
  { tracks, evidence, traces }: Untold,
  told: Told | undefined,
  rules: WindowRules,
  due: Due,
  now: number,
): Told {
  const fresh = new Set(evidence.map(({ metric }) => metric));
  const all = [...tracks];
  return {
    values: Object.fromEntries(
      all.map(([metric, track]) => [
        metric,
        valueToTell(track, ownField(told?.values, metric), rules, fresh.has(metric), due, now),
      ]),
    ),
    processes: Object.fromEntries(
      all.flatMap(([, { process }]) => (process ? [[process.label, process.state]] : [])),
    ),
    failures: Object.fromEntries(
      all.flatMap(([metric, { failure }]) => (failure === undefined ? [] : [[metric, failure]])),
    ),
    exceptions: Object.fromEntries(
      all.flatMap(([metric, { excepted }]) => (excepted ? [[metric, excepted]] : [])),
    ),
    caveats: all.flatMap(([, { caveats = [] }]) => caveats),
    isRise: isRise({ tracks, evidence }, told),
    evidence: mergeEvidence(evidence, traces),
  };
}

function differs({ tracks, evidence }: Untold, told: Told | undefined, next: Told): boolean {
  if (told === undefined || evidence.length > 0) return true;
  return (
    [...tracks].some(([metric, track]) =>
      isNews(track, ownField(told.values, metric), ownField(next.values, metric)),
    ) ||
    Object.entries(next.processes).some(([label, state]) => state !== told.processes[label]) ||
    // The text names processes, and anybody can start and end processes all the time.
    [...tracks.keys()].some(
      (metric) => Object.hasOwn(next.failures, metric) !== Object.hasOwn(told.failures, metric),
    )
  );
}

function listFallen(tracks: Untold['tracks']): ReadonlyMap<string, number> {
  const fallen = [...tracks].flatMap(([metric, { seen }]) =>
    seen.kind === 'count' && seen.fallenAt !== undefined ? [[metric, seen.fallenAt] as const] : [],
  );
  return new Map(fallen);
}

function carryAll(tracks: Untold['tracks'], due: Due): Untold['tracks'] {
  const carried = [...tracks].flatMap(([metric, track]) => {
    const one = carryOver(track, due);
    return one ? [[metric, one] as const] : [];
  });
  return new Map(carried);
}
