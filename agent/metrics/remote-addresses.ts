import type { ProcReader } from '../proc/proc-reader';
import { formatAddress } from '../proc/sockets';

const tables = ['tcp', 'tcp6', 'udp', 'udp6'];
/** A process may have opened very many files; its sockets among the first thousands say enough. */
const mostFiles = 4096;

/** The addresses, each once and sorted; or why they can't be known. */
export type RemoteAddresses =
  | { readonly addresses: readonly string[] }
  | { readonly failure: 'denied' | 'unreadable' };

/**
 * Gives the addresses that processes are connected to, or trying to be, by TCP or connected UDP.
 * `denied` if their open files may not be seen: that needs the same user, or CAP_SYS_PTRACE (ptrace(2), access
 * mode checking). Tables are read in the network namespace of the process, so a container's are its own.
 */
export function readRemoteAddresses(proc: ProcReader, pids: readonly number[]): RemoteAddresses {
  const socketsOf = new Map<string, { readonly pid: number; readonly inodes: Set<string> }>();
  for (const pid of pids) {
    const inodes = listSockets(proc, pid);
    if (typeof inodes === 'string') return { failure: inodes };
    const namespace = proc.readLink(`${pid}/ns/net`);
    const others = socketsOf.get(namespace);
    for (const inode of inodes) others?.inodes.add(inode);
    if (!others) socketsOf.set(namespace, { pid, inodes: new Set(inodes) });
  }
  const addresses = new Set<string>();
  for (const { pid, inodes } of socketsOf.values()) {
    if (inodes.size === 0) continue;
    const files = tables.map((table) => {
      const bytes = proc.readWhole(`${pid}/net/${table}`);
      if (typeof bytes !== 'string') addRemotes(bytes, inodes, addresses);
      return typeof bytes === 'string' ? bytes : 'read';
    });
    if (files.includes('denied')) return { failure: 'denied' };
    // Two of the tables are missing without IPv6. If all are missing, the process has ended, or its tables are hidden.
    const isHidden = !files.includes('read') && proc.readLink(`${pid}/ns/net`) !== 'gone';
    if (files.includes('unreadable') || isHidden) return { failure: 'unreadable' };
  }
  return { addresses: [...addresses].sort() };
}

function listSockets(proc: ProcReader, pid: number): readonly string[] | 'denied' | 'unreadable' {
  const files = proc.list(`${pid}/fd`);
  if (files === 'denied' || files === 'unreadable') return files;
  if (files === 'gone') return [];
  const inodes: string[] = [];
  for (const file of files.slice(0, mostFiles)) {
    const link = proc.readLink(`${pid}/fd/${file}`);
    if (link === 'denied' || link === 'unreadable') return link;
    const inode = /^socket:\[(\d+)\]$/.exec(link)?.[1];
    if (inode !== undefined) inodes.push(inode);
  }
  return inodes;
}

/** Columns of /proc/net/tcp and its like: 2 is the remote end, 9 the inode (kernel: Documentation/networking/proc_net_tcp.rst). */
function addRemotes(bytes: Buffer, inodes: ReadonlySet<string>, into: Set<string>): void {
  for (const line of bytes.toString('latin1').split('\n')) {
    const columns = line.trim().split(/\s+/);
    const [address = '', port] = (columns[2] ?? '').split(':');
    const isWhole = /^(?:[0-9A-F]{8}|[0-9A-F]{32})$/.test(address);
    if (isWhole && port !== '0000' && inodes.has(columns[9] ?? '')) into.add(formatAddress(address));
  }
}
