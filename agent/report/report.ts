import type { SystemSample } from '../metrics/system';
import { ownField } from '../own-field';
import type { Counters } from '../proc/interface-counters';
import { type Evidence, mostEvidence } from '../processes/evidence';
import type { MetricValue, ProcessState } from '../processes/metric-sample';
import type { Health } from './health';
import { type Baseline, listConnections, listPorts, mostRows, type ReportedMetrics } from './report-lists';

/** The content of one report. */
export interface ReportContent {
  readonly reportId: number;
  /** Left out of a report of a change only. */
  readonly system?: SystemSample;
  /** The basis of the last acknowledged report; without it there is no growth to report. */
  readonly before?: Baseline;
  /** Metric name to value; `undefined` for a metric that has none now. */
  readonly values: Readonly<Record<string, MetricValue | undefined>>;
  /** Fields for Cordon only. */
  readonly extras?: {
    readonly evidence: readonly Evidence[];
    readonly processes: Readonly<Record<string, ProcessState>>;
    readonly failures: Readonly<Record<string, string>>;
    readonly exceptions?: Readonly<Record<string, readonly string[]>>;
    readonly health?: Health;
    /** Epoch ms, by the device's clock. */
    readonly madeAt?: number;
  };
}

/** A report in the long form of AWS IoT Device Defender, with the fields that only Cordon reads. */
export interface Report {
  readonly header: { readonly report_id: number; readonly version: '1.0' };
  readonly metrics?: ReportedMetrics;
  readonly custom_metrics?: Readonly<Record<string, readonly [MetricValue]>>;
  readonly evidence?: readonly Evidence[];
  readonly processes?: Readonly<Record<string, ProcessState>>;
  /** The unknown metrics, files and parts of the agent, each with the reason. */
  readonly failures?: Readonly<Record<string, string>>;
  /** The exceptions that children were, by metric: they do not count. */
  readonly exceptions?: Readonly<Record<string, readonly string[]>>;
  readonly health?: Health;
  /** For a folded report: how many reports its traffic was counted in. */
  readonly intervals?: number;
  /** The full length of each shortened list of a custom metric: the rows that are left out still exist. */
  readonly totals?: Readonly<Record<string, number>>;
  /** Epoch ms, by the device's clock: when it was made, which may be long before it arrives. */
  readonly madeAt?: number;
}

/** An MQTT message to AWS IoT Core has at most 128 KB; some is left for the topic and the packet. */
const largestBytes = 120 * 1024;

/** Builds a report that fits a message, with shorter lists and at last less evidence if needed. */
export function buildReport(content: ReportContent): Report {
  let most = mostRows;
  let report = buildWith(content, most);
  while (most > 1 && isTooLarge(report)) {
    most = Math.floor(most / 2);
    report = buildWith(content, most);
  }
  return cutEvidence(report);
}

/** A process chooses its command line, and the broker would refuse a longer message for ever. */
function cutEvidence(report: Report): Report {
  const { evidence = [], ...rest } = report;
  if (evidence.length === 0 || !isTooLarge(report)) return report;
  const kept = evidence.slice(0, Math.floor(evidence.length / 2));
  return cutEvidence({ ...rest, ...(kept.length > 0 && { evidence: kept }) });
}

function isTooLarge(report: Report): boolean {
  return Buffer.byteLength(JSON.stringify(report)) > largestBytes;
}

/** A report that was made of others, with shorter lists and at last less evidence if it would not fit a message. */
export function fitMessage(report: Report): Report {
  let fitted = report;
  for (let most = mostRows; most >= 1 && isTooLarge(fitted); most = Math.floor(most / 2))
    fitted = cutLists(report, most);
  return cutEvidence(fitted);
}

function cutLists({ totals, ...report }: Report, most: number): Report {
  const metrics = Object.entries(report.custom_metrics ?? {});
  const cut = metrics.flatMap(([name, [value]]) => {
    const [list] = Object.values(value);
    const length = Array.isArray(list) ? list.length : 0;
    return length > most ? [[name, Math.max(length, ownField(totals, name) ?? 0)] as const] : [];
  });
  const all = { ...totals, ...Object.fromEntries(cut) };
  return {
    ...report,
    custom_metrics: Object.fromEntries(metrics.map(([name, [value]]) => [name, [cutList(value, most)]])),
    // A report for Device Defender has none.
    ...(report.madeAt !== undefined && Object.keys(all).length > 0 && { totals: all }),
  };
}

function buildWith({ reportId, system, before, values, extras }: ReportContent, most: number): Report {
  const customMetrics = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, [cutList(value, most)]] as const],
  );
  const totals = Object.entries(values).flatMap(([name, value]) => {
    const [list] = Object.values(value ?? {});
    return Array.isArray(list) && list.length > most ? [[name, list.length] as const] : [];
  });
  const failures = { ...system?.failures, ...extras?.failures };
  return {
    header: { report_id: reportId, version: '1.0' },
    ...(system && { metrics: buildMetrics(system, before, most) }),
    ...(customMetrics.length > 0 && { custom_metrics: Object.fromEntries(customMetrics) }),
    ...(extras && extras.evidence.length > 0 && { evidence: extras.evidence.slice(0, mostEvidence) }),
    ...(extras && Object.keys(extras.processes).length > 0 && { processes: extras.processes }),
    ...(extras && Object.keys(failures).length > 0 && { failures }),
    ...(extras?.exceptions && Object.keys(extras.exceptions).length > 0 && { exceptions: extras.exceptions }),
    ...(extras?.health && { health: extras.health }),
    ...(extras && totals.length > 0 && { totals: Object.fromEntries(totals) }),
    ...(extras?.madeAt !== undefined && { madeAt: extras.madeAt }),
  };
}

function cutList(value: MetricValue, most: number): MetricValue {
  if ('number_list' in value) return { number_list: value.number_list.slice(0, most) };
  if ('string_list' in value) return { string_list: value.string_list.slice(0, most) };
  return 'ip_list' in value ? { ip_list: value.ip_list.slice(0, most) } : value;
}

function buildMetrics(system: SystemSample, before: Baseline | undefined, most: number): ReportedMetrics {
  const { listeningTcp, listeningUdp, established, traffic, interfaces } = system;
  return {
    ...(listeningTcp && {
      listening_tcp_ports: listPorts('tcp', listeningTcp, interfaces, before, most),
    }),
    ...(listeningUdp && {
      listening_udp_ports: listPorts('udp', listeningUdp, interfaces, before, most),
    }),
    ...(traffic && before?.traffic && growthOf(before.traffic, traffic)),
    ...(established && {
      tcp_connections: { established_connections: listConnections(established, interfaces, before, most) },
    }),
  };
}

function growthOf(before: Counters, now: Counters): Pick<ReportedMetrics, 'network_stats'> {
  return {
    network_stats: {
      bytes_in: Math.max(0, now.bytesIn - before.bytesIn),
      bytes_out: Math.max(0, now.bytesOut - before.bytesOut),
      packets_in: Math.max(0, now.packetsIn - before.packetsIn),
      packets_out: Math.max(0, now.packetsOut - before.packetsOut),
    },
  };
}
