import type { Report } from './report';

/** Short names of Device Defender's report (developer guide, "Device-side metrics"); custom metrics have none inside. */
const shortNames: ReadonlyMap<string, string> = new Map([
  ['report_id', 'rid'],
  ['version', 'v'],
  ['tcp_connections', 'tc'],
  ['established_connections', 'ec'],
  ['connections', 'cs'],
  ['remote_addr', 'rad'],
  ['local_port', 'lp'],
  ['local_interface', 'li'],
  ['total', 't'],
  ['listening_tcp_ports', 'tp'],
  ['listening_udp_ports', 'up'],
  ['ports', 'pts'],
  ['port', 'pt'],
  ['interface', 'if'],
  ['network_stats', 'ns'],
  ['bytes_in', 'bi'],
  ['bytes_out', 'bo'],
  ['packets_in', 'pi'],
  ['packets_out', 'po'],
]);

/** The report with Device Defender's short names; fields that only Cordon reads keep their names. */
export function shortenNames(report: Report): Readonly<Record<string, unknown>> {
  const { header, metrics, custom_metrics, ...own } = report;
  return {
    hed: shorten(header),
    ...(metrics && { met: shorten(metrics) }),
    ...(custom_metrics && { cmet: custom_metrics }),
    ...own,
  };
}

function shorten(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shorten);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [shortNames.get(key) ?? key, shorten(inner)]),
  );
}
