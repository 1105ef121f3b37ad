import { networkInterfaces } from 'node:os';
import { type InterfaceCounters, parseInterfaceCounters } from './interface-counters';
import type { ProcReader } from './proc-reader';
import { isEstablishedTcp, isListeningTcp, isListeningUdp, parseSockets, type Socket } from './sockets';

/** What the machine as a whole looks like at one moment. */
export interface SystemSample {
  readonly listeningTcp: readonly Socket[];
  readonly listeningUdp: readonly Socket[];
  readonly established: readonly Socket[];
  readonly counters: InterfaceCounters;
  /** Interface name of each local address. */
  readonly interfaces: ReadonlyMap<string, string>;
}

/** Reads each table once: the kernel walks its whole connection hash for every look at a TCP table. */
export function sampleSystem(proc: ProcReader): SystemSample {
  const tcp = readSockets(proc, ['net/tcp', 'net/tcp6']);
  const udp = readSockets(proc, ['net/udp', 'net/udp6']);
  const dev = proc.read('net/dev');
  return {
    listeningTcp: tcp.filter(isListeningTcp),
    listeningUdp: udp.filter(isListeningUdp),
    established: tcp.filter(isEstablishedTcp),
    counters: typeof dev === 'string' ? new Map() : parseInterfaceCounters(dev),
    interfaces: nameInterfaces(),
  };
}

function readSockets(proc: ProcReader, paths: readonly string[]): readonly Socket[] {
  return paths.flatMap((path) => {
    const bytes = proc.readWhole(path);
    // Without IPv6 there is no table of it.
    return typeof bytes === 'string' ? [] : parseSockets(bytes);
  });
}

function nameInterfaces(): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address } of addresses ?? []) names.set(address, name);
  }
  return names;
}
