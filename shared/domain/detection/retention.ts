import type { MetricValue } from '../findings/violation';
import { ownField } from '../json';
import type { Datapoint, Profiles, RetainedPoint } from './state';

/** An unchanged value is retained again after this time, so a chart distinguishes it from silence. */
const repeatMs = 3_600_000;
/** Characters of a value, as JSON, up to which it is remembered for comparison. */
const maxRemembered = 500;

/** Metrics whose values are kept: those of behaviors and of additionalMetricsToRetain, as Detect does. */
export function listRetained(profiles: Profiles): Set<string> {
  return new Set(
    profiles.flatMap(([, { behaviors, additionalMetricsToRetain }]) => [
      ...behaviors.map(({ metric }) => metric),
      ...additionalMetricsToRetain,
    ]),
  );
}

/** Which of a report's values are to be kept: each that differs from the one before, and one an hour. */
export function selectRetained(
  values: Readonly<Record<string, MetricValue>>,
  { at, isLate }: { readonly at: number; readonly isLate: boolean },
  profiles: Profiles,
  before: Readonly<Record<string, RetainedPoint>> = {},
): { retained: Readonly<Record<string, RetainedPoint>>; datapoints: Datapoint[] } {
  const retained: Record<string, RetainedPoint> = { ...before };
  const datapoints: Datapoint[] = [];
  for (const metric of listRetained(profiles)) {
    const value = ownField(values, metric);
    if (!value) continue;
    const text = JSON.stringify(value);
    const last = ownField(retained, metric);
    if (last?.value && JSON.stringify(last.value) === text && at - last.at < repeatMs) continue;
    // A late value is not compared with newer ones.
    if (!isLate) retained[metric] = text.length <= maxRemembered ? { at, value } : { at };
    datapoints.push({ metric, at, value });
  }
  return { retained, datapoints };
}
