import type { SystemSample } from '../metrics/system';
import {
  addressOfEndpoint,
  type Baseline,
  listenerKey,
  type ReportedMetrics,
  remoteKey,
  rowKey,
} from './report-lists';

/** The part of a report that baselines go by. */
interface Told {
  readonly metrics?: ReportedMetrics;
}

/**
 * What the next report is compared with. A list that could not be read now stays as it was. Items that did not fit into
 * the report are not reported yet, so they come first in the next one.
 */
export function baselineOf(system: SystemSample, before?: Baseline, report?: Told): Baseline {
  const { traffic = before?.traffic } = system;
  const number = (before?.number ?? 0) + 1;
  const seen = [
    ...listListeners('tcp', system, before, report),
    ...listListeners('udp', system, before, report),
  ];
  const remotes = listRemotes(system, before, report);
  const untold = [...seen, ...remotes].filter(({ isTold }) => !isTold);
  return {
    ...(traffic && { traffic }),
    listeners: new Map(
      seen.flatMap(({ key, isTold }) => (isTold ? [[key, before?.listeners.get(key) ?? number]] : [])),
    ),
    remotes: new Set(remotes.flatMap(({ name, isTold }) => (isTold ? [name] : []))),
    untold: new Map(untold.map(({ key }) => [key, before?.untold.get(key) ?? number])),
    number,
  };
}

interface Seen {
  readonly key: string;
  readonly name: string;
  /** Whether this report or an earlier one has it. */
  readonly isTold: boolean;
}

function listListeners(
  protocol: 'tcp' | 'udp',
  { listeningTcp, listeningUdp, interfaces }: SystemSample,
  before: Baseline | undefined,
  report: Told | undefined,
): readonly Seen[] {
  const sockets = protocol === 'tcp' ? listeningTcp : listeningUdp;
  if (!sockets) return listKnown(before, `${protocol} `, before?.listeners.keys());
  const rows = report?.metrics?.[`listening_${protocol}_ports`]?.ports;
  const told = rows && new Set(rows.map(({ port, interface: name }) => `${port} ${name}`));
  return sockets.map((socket) => {
    const key = listenerKey(protocol, socket);
    return {
      key,
      name: key,
      isTold: !told || told.has(rowKey(socket, interfaces)) || before?.listeners.has(key) === true,
    };
  });
}

function listRemotes(
  { established }: SystemSample,
  before: Baseline | undefined,
  report: Told | undefined,
): readonly Seen[] {
  if (!established) return listKnown(before, remoteKey(''), [...(before?.remotes ?? [])].map(remoteKey));
  const rows = report?.metrics?.tcp_connections?.established_connections.connections;
  const told = rows && new Set(rows.map((row) => addressOfEndpoint(row.remote_addr)));
  const names = new Set(established.map(({ remoteAddress }) => remoteAddress));
  return [...names].map((name) => ({
    ...{ key: remoteKey(name), name },
    isTold: !told || told.has(name) || before?.remotes.has(name) === true,
  }));
}

/** The earlier values of a kind that can't be seen now. */
function listKnown(
  before: Baseline | undefined,
  prefix: string,
  told: Iterable<string> = [],
): readonly Seen[] {
  const seen = (keys: Iterable<string>, isTold: boolean) =>
    [...keys]
      .filter((key) => key.startsWith(prefix))
      .map((key): Seen => ({ key, name: key.slice(prefix.length), isTold }));
  return [...seen(told, true), ...seen(before?.untold.keys() ?? [], false)];
}
