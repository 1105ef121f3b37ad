import type { LoadDefinition, MetricDefinition, ProcessDefinition } from './metric-definition';
import { parseDefinition } from './parse-metrics';

/**
 * The measurement that the name of a metric implies, for metrics that no configuration describes: the sample agent's
 * `cpu_usage`, the tutorial's `num_child_procs_NAME`, and their like.
 */
const conventions: readonly (readonly [string, ProcessDefinition['collect'] | LoadDefinition['collect']])[] =
  [
    ['num_child_procs_', 'children'],
    ['child_names_', 'child-names'],
    ['remote_addresses_', 'remote-addresses'],
    ['cpu_percent_', 'cpu-percent'],
    ['memory_bytes_', 'memory'],
  ];

/** How to collect a metric, by its name alone; undefined for other names. */
export function definitionByName(metric: string): MetricDefinition | undefined {
  if (metric === 'cpu_usage') return { metric, collect: 'cpu-percent' };
  if (metric === 'memory_usage') return { metric, collect: 'memory' };
  for (const [prefix, collect] of conventions) {
    const name = metric.slice(prefix.length);
    if (metric.startsWith(prefix) && name !== '') return { metric, collect, of: { name } };
  }
  return undefined;
}

/** The children of the processes of one name, as in the tutorial; characters that no metric name has become `_`. */
export function childrenOf(name: string): MetricDefinition {
  const metric = `num_child_procs_${name.replace(/[^a-zA-Z0-9:_-]/g, '_')}`;
  return parseDefinition(metric, { collect: 'children', of: { name } }, JSON.stringify(name));
}
