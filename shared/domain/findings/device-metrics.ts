import { isObject } from '../json';
import { readRemoteAddress } from './addresses';
import { type Json, listObjects, pick, toNumber } from './report-fields';
import type { MetricValue } from './violation';

/** Reads the metrics of Device Defender: ports, connections and traffic. `partial`: those whose list is shorter than its total. */
export function readDeviceMetrics(metrics: Json, into: Record<string, MetricValue>, partial: string[]): void {
  for (const [long, short, name] of [
    ['listening_tcp_ports', 'tp', 'tcp'],
    ['listening_udp_ports', 'up', 'udp'],
  ] as const) {
    const listening = pick(metrics, long, short);
    if (!isObject(listening)) continue;
    const { rows, total } = readRows(listening, pick(listening, 'ports', 'pts'));
    // The AWS C agent sends port 0 for none (docs/facts.md#other-agents): no port, but a row that is shown.
    const shown = rows?.map((row) => toNumber(pick(row, 'port', 'pt'))).filter((port) => port !== undefined);
    const metric = `aws:listening-${name}-ports`;
    if (shown) into[metric] = { ports: [...new Set(shown.filter(isPort))] };
    if (shown && total !== undefined && shown.length < total) partial.push(metric);
    if (total !== undefined) into[`aws:num-listening-${name}-ports`] = { count: total };
  }
  const connections = pick(metrics, 'tcp_connections', 'tc');
  const established = isObject(connections) ? pick(connections, 'established_connections', 'ec') : undefined;
  if (isObject(established)) readConnections(established, into, partial);
  const network = pick(metrics, 'network_stats', 'ns');
  if (isObject(network)) readCounters(network, into);
}

function readConnections(established: Json, into: Record<string, MetricValue>, partial: string[]): void {
  const { rows, total } = readRows(established, pick(established, 'connections', 'cs'));
  const addresses = rows
    ?.map((row) => pick(row, 'remote_addr', 'rad'))
    .filter((address) => typeof address === 'string');
  const metric = 'aws:destination-ip-addresses';
  if (addresses) into[metric] = { cidrs: [...new Set(addresses.map(readRemoteAddress))] };
  if (addresses && total !== undefined && addresses.length < total) partial.push(metric);
  if (total !== undefined) into['aws:num-established-tcp-connections'] = { count: total };
}

/**
 * The rows of a list and their number, which is greater if the device cut the list. A list that is left out is empty
 * if nothing says otherwise, and unknown if the total does.
 */
function readRows(parent: Json, list: unknown): { rows?: Json[]; total?: number } {
  const total = toNumber(pick(parent, 'total', 't'));
  const counted = total !== undefined && total >= 0 ? total : undefined;
  if (!Array.isArray(list) && counted) return { total: counted };
  const rows = listObjects(list);
  return { rows, total: counted ?? rows.length };
}

/** Counts since the last report. */
function readCounters(network: Json, into: Record<string, MetricValue>): void {
  for (const [long, short, name] of [
    ['bytes_in', 'bi', 'all-bytes-in'],
    ['bytes_out', 'bo', 'all-bytes-out'],
    ['packets_in', 'pi', 'all-packets-in'],
    ['packets_out', 'po', 'all-packets-out'],
  ] as const) {
    const count = toNumber(pick(network, long, short));
    // A counter that wrapped or was reset gives a negative or an absurd one (docs/facts.md#other-agents): no datapoint.
    if (count !== undefined && count >= 0 && count <= Number.MAX_SAFE_INTEGER)
      into[`aws:${name}`] = { count };
  }
}

function isPort(value: number): boolean {
  return Number.isInteger(value) && value > 0 && value <= 65_535;
}
