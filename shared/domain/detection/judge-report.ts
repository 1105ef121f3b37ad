import type { Behavior, Playbook } from '../configuration';
import type { DeviceReport } from '../report';
import { boundValue, keepEvidence, type MetricValue } from '../violation';
import { numberOf, violates } from './criteria';
import { binOf, type Distribution } from './distribution';
import { followExceptions } from './excepted';
import { type Entry, openJudgement, type Setting, slotOf } from './judgement';
import { isSummed } from './metrics';
import { selectRetained } from './retention';
import { isFromBefore, isRepeat, noteReport } from './senders';
import type { BehaviorState, Judgement, Profiles } from './state';
import { addToWindow, sumWindow } from './window';

export interface ReportInput extends Setting {
  readonly report: DeviceReport;
  /** The certificate that sent it, where that is known. */
  readonly principal?: string;
  /** False where another client reported for the thing: such a report can raise an alarm, never end one. */
  readonly reportedByItself: boolean;
  /** What may except an alarm. */
  readonly playbooks?: readonly Playbook[];
  /** What the fleet's values were in a window, for statistical thresholds; undefined where nothing is known. */
  readonly fleet?: (metric: string, durationSeconds: number, window: number) => Distribution | undefined;
}

/** Whether any behavior compares a thing with the fleet. */
export function hasPercentiles(profiles: Profiles): boolean {
  return profiles.some(([, { behaviors }]) =>
    behaviors.some(({ criteria }) => criteria.statisticalThreshold !== undefined),
  );
}

/** Judges one report of a device. A report that comes twice or late changes nothing. */
export function judgeReport(input: ReportInput): Judgement {
  const { state, report, at, principal = 'unknown', reportedByItself, fleet, profiles } = input;
  const isOld = isRepeat(state, report, principal, at) || isFromBefore(state, report, principal, at);
  if (at < state.lastReceivedAt || (reportedByItself && isOld))
    return { state, events: [], datapoints: [], contributions: [], needsMembership: false };
  const judgement = openJudgement(input);
  for (const entry of judgement.monitored()) {
    const { behavior, key } = entry;
    const reported = report.metrics[behavior.metric];
    if (!reported) continue;
    const slot = slotOf(key, reportedByItself);
    const { value, before } = measure(reported, judgement.before(slot), behavior, at);
    const { durationSeconds, statisticalThreshold } = behavior.criteria;
    const window = Math.floor(at / 1_000 / (durationSeconds ?? 1));
    const measured = numberOf(value);
    if (statisticalThreshold && durationSeconds && measured !== undefined && reportedByItself)
      judgement.count({ metric: behavior.metric, durationSeconds, window, bin: binOf(measured) });
    // Of the window before: the fleet is still being counted in this one.
    const others = durationSeconds ? fleet?.(behavior.metric, durationSeconds, window - 1) : undefined;
    const isBad = violates(value, behavior.criteria, others);
    if (isBad === undefined || (!isBad && !reportedByItself)) {
      if (before.window) judgement.keep(slot, before);
      continue;
    }
    const { isNews, ...memory } = followEntry(entry, before, isBad, value, input);
    const { excepted: _, ...rest } = before;
    judgement.hear(slot, entry, { ...rest, ...memory }, { isBad, value, seed: report.reportId, isNews });
  }
  const { retained, datapoints } = reportedByItself
    ? selectRetained(report.metrics, at, profiles, state.retained)
    : { retained: state.retained ?? {}, datapoints: [] };
  judgement.retain(datapoints);
  return judgement.conclude(Object.keys(retained).length > 0 ? { retained } : {}, {
    ...(reportedByItself && {
      lastReportId: report.reportId,
      senders: noteReport(state, report, principal, at),
    }),
    lastReceivedAt: at,
  });
}

/** Whether exceptions cover an alarm, as the playbooks will find it told. */
function followEntry(
  { securityProfileName, behavior }: Entry,
  before: BehaviorState,
  isBad: boolean,
  value: MetricValue,
  { playbooks = [], report, reportedByItself }: ReportInput,
): ReturnType<typeof followExceptions> {
  const excepting = reportedByItself ? playbooks.filter(({ unless }) => unless !== undefined) : [];
  if (excepting.length === 0) return { isNews: false };
  const alarm = {
    ...{ securityProfileName, behaviorName: behavior.name, metric: behavior.metric },
    ...{ value: boundValue(value), ...keepEvidence(report.evidence) },
  };
  return followExceptions(before.excepted, before.violationId !== undefined, isBad, alarm, excepting);
}

/** What a behavior compares: a gauge as it is, a delta summed over the window. */
function measure(
  reported: MetricValue,
  before: BehaviorState,
  { metric, criteria }: Behavior,
  at: number,
): { value: MetricValue; before: BehaviorState } {
  const added = numberOf(reported);
  if (!isSummed(metric) || criteria.durationSeconds === undefined || added === undefined)
    return { value: reported, before };
  const durationMs = criteria.durationSeconds * 1_000;
  const window = addToWindow(before.window ?? [], { at, value: added, isDelta: true }, durationMs);
  return { value: { count: sumWindow(window, at, durationMs) }, before: { ...before, window } };
}
