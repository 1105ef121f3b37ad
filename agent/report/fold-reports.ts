import { ownField } from '../own-field';
import { mergeEvidence } from '../processes/evidence';
import type { MetricValue } from '../processes/metric-sample';
import type { Health } from './health';
import { fitMessage, type Report } from './report';

/** As many items as a report has in one list. */
const mostItems = 50;

/**
 * Merges two reports into one, under the id of the newer, when too many wait. A metric in `peaks` keeps its highest
 * value, or all items of both lists. Traffic adds up. The evidence, the exceptions and a gap of either report stay.
 * Everything else is as in the newer one.
 */
export function foldReports(older: Report, newer: Report, peaks: ReadonlySet<string>): Report {
  const metrics = foldMetrics(older.metrics, newer.metrics);
  const customMetrics = foldCustomMetrics(older.custom_metrics, newer.custom_metrics, peaks);
  const evidence = mergeEvidence(older.evidence ?? [], newer.evidence ?? []);
  const processes = newer.processes ?? older.processes;
  const intervals = countIntervals(older) + countIntervals(newer);
  const gap = older.failures?.agent;
  const failures = gap === undefined ? newer.failures : { agent: gap, ...newer.failures };
  const totals = foldTotals(older, newer, customMetrics, peaks);
  return fitMessage({
    header: newer.header,
    ...(metrics && { metrics }),
    ...(customMetrics && { custom_metrics: customMetrics }),
    ...(evidence.length > 0 && { evidence }),
    ...(processes && { processes }),
    ...(failures && { failures }),
    ...((older.exceptions || newer.exceptions) && {
      exceptions: foldExceptions(older.exceptions, newer.exceptions),
    }),
    ...(newer.health && { health: foldHealth(older.health, newer.health) }),
    ...(totals && { totals }),
    // A report for Device Defender has none.
    ...(newer.madeAt !== undefined && intervals > 1 && { intervals }),
    ...(newer.madeAt !== undefined && { madeAt: newer.madeAt }),
  });
}

function foldExceptions(
  older: Report['exceptions'] = {},
  newer: Report['exceptions'] = {},
): NonNullable<Report['exceptions']> {
  const folded = Object.entries(newer).map(
    ([name, excepted]) => [name, [...new Set([...(ownField(older, name) ?? []), ...excepted])]] as const,
  );
  return { ...older, ...Object.fromEntries(folded) };
}

function foldHealth(older: Report['health'], newer: Health): Health {
  const hadGap = older?.degraded.includes('gap') && !newer.degraded.includes('gap');
  return hadGap ? { ...newer, degraded: ['gap', ...newer.degraded] } : newer;
}

/** The number of intervals in which the traffic of a report was counted. */
function countIntervals({ metrics, intervals = 1 }: Report): number {
  return metrics?.network_stats ? intervals : 0;
}

type Metrics = Report['metrics'];

function foldMetrics(older: Metrics, newer: Metrics): Metrics {
  if (!older || !newer) return newer ?? older;
  const before = older.network_stats;
  const after = newer.network_stats;
  if (!before || !after) return before ? { ...newer, network_stats: before } : newer;
  return {
    ...newer,
    network_stats: {
      bytes_in: before.bytes_in + after.bytes_in,
      bytes_out: before.bytes_out + after.bytes_out,
      packets_in: before.packets_in + after.packets_in,
      packets_out: before.packets_out + after.packets_out,
    },
  };
}

type CustomMetrics = Report['custom_metrics'];

function foldCustomMetrics(
  older: CustomMetrics,
  newer: CustomMetrics,
  peaks: ReadonlySet<string>,
): CustomMetrics {
  if (!older || !newer) return newer ?? older;
  const folded = Object.entries(newer).map(([name, value]) => {
    const before = peaks.has(name) ? ownField(older, name) : undefined;
    return [name, before ? ([foldValues(before[0], value[0])] as const) : value] as const;
  });
  return { ...older, ...Object.fromEntries(folded) };
}

/**
 * The totals of lists that were cut. A merged list has the greater of both totals, or as many items as both lists have
 * together.
 */
function foldTotals(
  older: Report,
  newer: Report,
  folded: CustomMetrics,
  peaks: ReadonlySet<string>,
): Report['totals'] {
  // A report for Device Defender has none.
  if (newer.madeAt === undefined) return undefined;
  const totals = Object.entries(folded ?? {}).flatMap(([name, [value]]) => {
    const told = [newer, older].filter((report) => ownField(report.custom_metrics, name));
    const sources = peaks.has(name) ? told : told.slice(0, 1);
    const all = new Set(sources.flatMap((report) => listOf(ownField(report.custom_metrics, name)?.[0])));
    const total = Math.max(all.size, ...sources.map((report) => ownField(report.totals, name) ?? 0));
    return total > listOf(value).length ? [[name, total] as const] : [];
  });
  return totals.length > 0 ? Object.fromEntries(totals) : undefined;
}

function listOf(value: MetricValue | undefined): readonly unknown[] {
  const [list] = Object.values(value ?? {});
  return Array.isArray(list) ? list : [];
}

function foldValues(older: MetricValue, newer: MetricValue): MetricValue {
  if ('number' in older && 'number' in newer) return older.number > newer.number ? older : newer;
  if ('string_list' in older && 'string_list' in newer)
    return { string_list: mergeLists(newer.string_list, older.string_list) };
  if ('ip_list' in older && 'ip_list' in newer) return { ip_list: mergeLists(newer.ip_list, older.ip_list) };
  return newer;
}

function mergeLists(newer: readonly string[], older: readonly string[]): readonly string[] {
  return [...new Set([...newer, ...older])].slice(0, mostItems);
}
