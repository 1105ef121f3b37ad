import type { ChildSample } from '../../agent/metrics/child-sampler';
import type { Evidence } from '../../agent/metrics/evidence';
import type { Report } from '../../agent/report';

export const metric = 'num_child_procs_myapp';

export function aChildSample(changes: Partial<ChildSample> = {}): ChildSample {
  return {
    name: 'myapp',
    metric,
    state: 'running',
    children: 0,
    cameAndWent: false,
    evidence: [],
    ...changes,
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
