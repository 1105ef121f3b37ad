import { useMemo } from 'preact/hooks';
import type { CaseAnswer, ViolationAnswer } from '../api/types';
import { findThreshold } from '../words/violation';
import type { Mark } from './chart';
import { Metric } from './metric';

const minuteMs = 60_000;

/** The metrics that violated, each with its chart. */
export function CaseMetrics({ record }: { readonly record: CaseAnswer }) {
  // A metric may have several behaviors: the first stands for them.
  const byMetric = new Map<string, ViolationAnswer>();
  for (const violation of record.violations)
    if (violation.metric !== undefined && !byMetric.has(violation.metric))
      byMetric.set(violation.metric, violation);
  return (
    <>
      {[...byMetric].map(([metric, violation]) => (
        <MetricPanel key={metric} record={record} metric={metric} violation={violation} />
      ))}
    </>
  );
}

interface MetricPanelProps {
  readonly record: CaseAnswer;
  readonly metric: string;
  readonly violation: ViolationAnswer;
}

function MetricPanel({ record, metric, violation: { criteria, alarmAt } }: MetricPanelProps) {
  const marks = useMemo(() => listMarks(record, alarmAt), [record, alarmAt]);
  const threshold = findThreshold(criteria);
  return (
    <section class="panel">
      <h2>{metric}</h2>
      <Metric
        thingName={record.thingName}
        metric={metric}
        from={record.openedAt - 10 * minuteMs}
        marks={marks}
        isKept={record.detector === 'cordon'}
        {...(record.closedAt !== undefined && { to: record.closedAt + 10 * minuteMs })}
        {...(threshold !== undefined && { threshold })}
      />
    </section>
  );
}

function listMarks(
  { containedAt, ledger, closedAt }: CaseAnswer,
  alarmAt: number | undefined,
): readonly Mark[] {
  const released = ledger.flatMap(({ revertedAt }) => (revertedAt === undefined ? [] : [revertedAt]));
  const releasedAt = closedAt !== undefined && released.length > 0 ? Math.max(...released) : undefined;
  return [
    ...(alarmAt === undefined ? [] : [{ at: alarmAt, label: 'alarm', tone: 'danger' as const }]),
    ...(containedAt === undefined ? [] : [{ at: containedAt, label: 'contained', tone: 'held' as const }]),
    ...(releasedAt === undefined ? [] : [{ at: releasedAt, label: 'released', tone: 'good' as const }]),
  ];
}
