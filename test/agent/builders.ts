import type { MetricSampler } from '../../agent/metrics/metric-sampler';
import { createProblems, type Problems } from '../../agent/problems';
import type { Evidence } from '../../agent/processes/evidence';
import type { MetricSample, ProcessState } from '../../agent/processes/metric-sample';
import type { Report } from '../../agent/report/report';

export const metric = 'num_child_procs_myapp';

/** One look at the children of myapp. */
export function aChildSample(
  changes: Partial<Pick<MetricSample, 'evidence' | 'traces'>> & {
    children?: number;
    state?: ProcessState;
  } = {},
): MetricSample {
  const { children = 0, state = 'running', evidence = [], traces = [] } = changes;
  return {
    metric,
    process: { label: 'myapp', state },
    seen: { kind: 'count', level: children },
    evidence,
    traces,
  };
}

export function aSampler(sample: () => readonly MetricSample[]): MetricSampler {
  return {
    isWatching: true,
    sample,
    settled: async () => undefined,
    problems: () => ({}),
    sight: () => ({ mode: 'children', announcesPids: true, isHidden: false }),
    helpersMs: () => 0,
    stop: () => undefined,
  };
}

export function anEvidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    metric,
    pid: 11,
    ppid: 10,
    executable: '/bin/sh',
    commandLine: 'sh -c id',
    user: 'pi',
    startedAt: 1_700_000_000_000,
    parents: ['myapp', 'init'],
    ...changes,
  };
}

export function aReport({ id = 1, children = 0 }: { id?: number; children?: number } = {}): Report {
  return { header: { report_id: id, version: '1.0' }, custom_metrics: { [metric]: [{ number: children }] } };
}

/** The evidence of a child that its parent had waited for before any look. */
export function aTrace(): Evidence {
  return {
    metric,
    ppid: 10,
    executable: '',
    commandLine: '(exited before it could be read)',
    user: '',
    parents: ['myapp', 'init'],
  };
}

export function noProblems(): Problems {
  return createProblems(() => undefined);
}
