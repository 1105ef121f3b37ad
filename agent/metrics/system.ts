import { codeOf, host } from '../host';
import type { Counters } from '../proc/interface-counters';
import { describeFailure, type ProcReader } from '../proc/proc-reader';
import { isEstablishedTcp, isListeningTcp, isListeningUdp, parseSockets, type Socket } from '../proc/sockets';
import type { TrafficMeter } from './traffic';

/** The state of the whole machine at one moment. Invisible parts are left out, and named. */
export interface SystemSample {
  readonly listeningTcp?: readonly Socket[];
  readonly listeningUdp?: readonly Socket[];
  readonly established?: readonly Socket[];
  /** Bytes and packets since the agent first looked. */
  readonly traffic?: Counters;
  /** Interface name of each local address. */
  readonly interfaces: ReadonlyMap<string, string>;
  /** What the agent could not see, with the reasons. */
  readonly failures: Readonly<Record<string, string>>;
}

/** Reads each table once: the kernel walks its whole connection hash for every look at a TCP table. */
export function sampleSystem(proc: ProcReader, meter: Pick<TrafficMeter, 'total'>): SystemSample {
  const failures: Record<string, string> = {};
  const tcp = readSockets(proc, 'net/tcp', 'net/tcp6', failures);
  const udp = readSockets(proc, 'net/udp', 'net/udp6', failures);
  const traffic = meter.total();
  if (typeof traffic === 'string') failures['/proc/net/dev'] = traffic;
  return {
    ...(tcp && { listeningTcp: tcp.filter(isListeningTcp), established: tcp.filter(isEstablishedTcp) }),
    ...(udp && { listeningUdp: udp.filter(isListeningUdp) }),
    ...(typeof traffic !== 'string' && { traffic }),
    interfaces: nameInterfaces(failures),
    failures,
  };
}

/** Undefined if one of the tables can't be read, because half a list would look as if the other half did not exist. */
function readSockets(
  proc: ProcReader,
  ipv4: string,
  ipv6: string,
  failures: Record<string, string>,
): readonly Socket[] | undefined {
  const all: Socket[] = [];
  let isWhole = true;
  for (const path of [ipv4, ipv6]) {
    const bytes = proc.readWhole(path);
    if (typeof bytes !== 'string') {
      for (const socket of parseSockets(bytes)) all.push(socket);
      continue;
    }
    // A kernel without IPv6 has no table of it.
    if (path === ipv6 && bytes === 'gone') continue;
    isWhole = false;
    failures[`/proc/${path}`] = describeFailure(proc, path, bytes);
  }
  return isWhole ? all : undefined;
}

/** An application may be kept from asking the kernel (netlink), as under Termux or a strict filter of system calls. */
function nameInterfaces(failures: Record<string, string>): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  try {
    for (const [name, addresses] of Object.entries(host.networkInterfaces()))
      for (const { address } of addresses ?? []) names.set(address, name);
  } catch (error) {
    if (codeOf(error) === 'no code') throw error;
    failures.interfaces = `the names of network interfaces cannot be read (${codeOf(error)})`;
  }
  return names;
}
