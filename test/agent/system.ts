import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { SystemSample } from '../../agent/metrics/system';
import type { Socket } from '../../agent/proc/sockets';

/** Thousands of renames can take a minute on a busy disk, and the tests do not need a real disk for them. */
export const memoryFolder = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

export function aSocket(changes: Partial<Socket> = {}): Socket {
  return {
    localAddress: '0.0.0.0',
    localPort: 22,
    remoteAddress: '0.0.0.0',
    remotePort: 0,
    state: 10,
    ...changes,
  };
}

export function aSystem(changes: Partial<SystemSample> = {}): SystemSample {
  return {
    listeningTcp: [],
    listeningUdp: [],
    established: [],
    traffic: { bytesIn: 0, packetsIn: 0, bytesOut: 0, packetsOut: 0 },
    interfaces: new Map([['10.0.0.1', 'eth0']]),
    failures: {},
    ...changes,
  };
}
