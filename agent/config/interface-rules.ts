import { type ProcReader, readTrimmed } from '../proc/proc-reader';

/** Interfaces that count, or don't, regardless of the rules: names, with `*` for any characters. */
export interface InterfaceChoice {
  readonly include: readonly string[];
  readonly exclude: readonly string[];
}

/** Why the traffic of an interface does not count; undefined if it does. */
export type InterfaceRule = (name: string) => string | undefined;

export const allInterfaces: InterfaceChoice = { include: [], exclude: [] };

/** ARPHRD_* of tunnels (linux/if_arp.h): ipip, ip6tnl, sit, gre, ip6gre; and of tun, WireGuard and xfrm, which have none. */
const tunnelTypes = new Set([768, 769, 776, 778, 823, 65_534]);
const pppType = 512;
const tunnelKinds = /^DEVTYPE=(?:wireguard|vxlan|geneve|gre\w*|gtp|bareudp|macsec)$/m;
/** Names that the kernel, udev and modem managers give to uplinks. */
const uplink = /^(?:eth|en[opsxu]|wlan|wl[opsxu]|ppp|wwan|usb|rmnet|ccmni|can)/;
/** Names that container and VM managers give to their interfaces. */
const containerEnd = /^(?:veth|vnet|lxc|cali|cilium|azv|eni[0-9a-f]{8}|vb-|ve-)/;
const containerBridge = /^(?:docker|br-[0-9a-f]{12}$|virbr|cni|podman|lxdbr|lxcbr|flannel|nerdctl|incusbr)/;

/**
 * Counts each byte once, where it leaves the device. An interface that runs over others (bridge, bond, VLAN, VPN) or
 * that ends in a container or VM of this machine does not count, because the interface below it carries the same
 * traffic. `sys` reads /sys/class/net.
 */
export function createInterfaceRule(
  proc: ProcReader,
  sys: ProcReader,
  { include, exclude }: InterfaceChoice,
): InterfaceRule {
  const included = include.map(toPattern);
  const excluded = exclude.map(toPattern);
  return (name) => {
    if (excluded.some((pattern) => pattern.test(name))) return 'the configuration excludes it';
    if (included.some((pattern) => pattern.test(name))) return undefined;
    return name === 'lo' ? 'loopback' : whyNot(proc, sys, name);
  };
}

function toPattern(glob: string): RegExp {
  return new RegExp(`^${glob.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replaceAll('*', '.*')}$`);
}

function whyNot(proc: ProcReader, sys: ProcReader, name: string): string | undefined {
  if (containerBridge.test(name)) return 'a bridge of containers';
  if (name.startsWith('ifb')) return 'a copy of what another takes in';
  const entries = sys.list(name);
  // Without /sys, only the name is known.
  if (typeof entries === 'string') return containerEnd.test(name) ? 'an end in a container' : undefined;
  const lower = entries.find((entry) => entry.startsWith('lower_'));
  if (lower !== undefined) return `it runs over ${lower.slice('lower_'.length)}`;
  if (entries.includes('bridge')) return 'a bridge';
  if (entries.includes('device')) return undefined;
  const type = Number(readTrimmed(sys, `${name}/type`));
  if (type !== pppType && uplink.test(name)) return undefined;
  if (entries.includes('tun_flags')) return 'a tunnel or a virtual machine';
  if (tunnelTypes.has(type) || tunnelKinds.test(readTrimmed(sys, `${name}/uevent`))) return 'a tunnel';
  if (type === pppType)
    return hasRows(proc, 'net/pppoe') || hasRows(proc, 'net/pppol2tp') ? 'PPP over another' : undefined;
  const master = sys.readLink(`${name}/master`);
  const isOfContainers = containerBridge.test(master.slice(master.lastIndexOf('/') + 1));
  return isOfContainers || containerEnd.test(name) ? 'an end in a container' : undefined;
}

/** More than its heading. */
function hasRows(proc: ProcReader, path: string): boolean {
  return readTrimmed(proc, path).includes('\n');
}
