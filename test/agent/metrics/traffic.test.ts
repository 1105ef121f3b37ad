import {
  allInterfaces,
  createInterfaceRule,
  type InterfaceChoice,
} from '../../../agent/config/interface-rules';
import { createTrafficMeter } from '../../../agent/metrics/traffic';
import type { ProcReader } from '../../../agent/proc/proc-reader';
import { aProc } from '../fake-proc';

const header = 'Inter-|   Receive | Transmit\n face |bytes packets errs | bytes packets\n';

/** Name to bytes in and out; packets are a tenth. */
type Interfaces = Readonly<Record<string, readonly [bytesIn: number, bytesOut: number]>>;

function aTable(interfaces: Interfaces): Buffer {
  const rows = Object.entries(interfaces).map(
    ([name, [bytesIn, bytesOut]]) =>
      `${name.padStart(6)}: ${bytesIn} ${bytesIn / 10} 0 0 0 0 0 0 ${bytesOut} ${bytesOut / 10} 0 0 0 0 0 0\n`,
  );
  return Buffer.from(header + rows.join(''));
}

/** Looks once a second, and returns the bytes in and out after the last look. */
function meter(
  looks: readonly (Interfaces | 'unreadable')[],
  rule: (name: string) => string | undefined = () => undefined,
  indexes: readonly Readonly<Record<string, number>>[] = [],
) {
  let at = 0;
  const sys = {
    ...aProc([]),
    read: (path: string) => {
      const index = indexes[at]?.[path.replace('/ifindex', '')];
      return index === undefined ? ('gone' as const) : Buffer.from(`${index}\n`);
    },
  };
  const proc = {
    ...aProc([]),
    readAgain: () => {
      const look = looks[at] ?? 'gone';
      return typeof look === 'string' ? look : aTable(look);
    },
  };
  const traffic = createTrafficMeter(proc, sys, rule);
  for (at = 0; at < looks.length; at += 1) {
    traffic.look(at * 1000);
    if (at === looks.length - 1) break;
  }
  const total = traffic.total();
  return typeof total === 'string' ? total : [total.bytesIn, total.bytesOut];
}

describe('a traffic meter', () => {
  it.each<[string, readonly Interfaces[], readonly [number, number]]>([
    ['nothing at the first look', [{ eth0: [500, 500] }], [0, 0]],
    ['growth from then on', [{ eth0: [500, 500] }, { eth0: [530, 510] }, { eth0: [540, 510] }], [40, 10]],
    [
      'a new interface from 0',
      [{ eth0: [10, 10] }, { eth0: [10, 10], ppp0: [50, 5_000_000] }],
      [50, 5_000_000],
    ],
    [
      'a modem that went away within the interval, and came again from 0',
      [
        { eth0: [0, 0] },
        { eth0: [0, 0], ppp0: [0, 5_000_000] },
        { eth0: [0, 0] },
        { eth0: [0, 0], ppp0: [0, 300] },
      ],
      [0, 5_000_300],
    ],
    [
      'an interface that one look did not list from where it was',
      [{ eth0: [9_000_000, 900] }, {}, { eth0: [9_000_040, 910] }],
      [40, 10],
    ],
    [
      'a card that was lent to another network namespace from where it was',
      [
        { eth0: [0, 0], wlan0: [9_000_000, 900] },
        { eth0: [0, 0] },
        { eth0: [5, 5] },
        { wlan0: [9_000_040, 910] },
      ],
      [45, 15],
    ],
    ['an interface that was reset from 0', [{ eth0: [900, 900] }, { eth0: [20, 1000] }], [20, 1000]],
    ['a renamed interface from where it was', [{ eth0: [900, 900] }, { wan0: [950, 910] }], [50, 10]],
    ['counters over 32 bits', [{ eth0: [4_294_967_290, 0] }, { eth0: [4_294_967_390, 0] }], [100, 0]],
  ])('counts %s', (_what, looks, total) => {
    expect(meter(looks)).toEqual(total);
  });

  it.each<
    [string, readonly Interfaces[], readonly Readonly<Record<string, number>>[], readonly [number, number]]
  >([
    [
      'a modem that was made again from 0, although it sent more than before until the next look',
      [{ eth0: [0, 0], ppp0: [100, 500] }, { eth0: [0, 0] }, { eth0: [0, 0], ppp0: [100, 600] }],
      [{ eth0: 2, ppp0: 7 }, { eth0: 2 }, { eth0: 2, ppp0: 8 }],
      [100, 600],
    ],
    [
      'a card that came back with its number, or with one of another network namespace, from where it was',
      [
        { eth0: [0, 0], wlan0: [900, 900] },
        { eth0: [0, 0] },
        { wlan0: [940, 910] },
        {},
        { wlan0: [945, 915] },
      ],
      [{ eth0: 2, wlan0: 3 }, { eth0: 2 }, { wlan0: 3 }, {}, { wlan0: 1 }],
      [45, 15],
    ],
    [
      'a renamed card from where it was, beside a new one with as much traffic from 0',
      [{ eth0: [900, 900] }, { usb0: [1000, 1000], wan0: [950, 910] }],
      [{ eth0: 2 }, { usb0: 9, wan0: 2 }],
      [1050, 1010],
    ],
    [
      'two new ones from 0, whichever is the newer one',
      [{ ppp0: [90, 90], ppp1: [90, 90] }, {}, { ppp0: [100, 100], ppp1: [100, 100] }],
      [{ ppp0: 3, ppp1: 4 }, {}, { ppp0: 6, ppp1: 5 }],
      [200, 200],
    ],
  ])('counts %s, by their numbers', (_what, looks, indexes, total) => {
    expect(meter(looks, () => undefined, indexes)).toEqual(total);
  });

  it('ignores an interface that the rule leaves out', () => {
    const rule = (name: string) => (name === 'br0' ? 'a bridge' : undefined);

    expect(
      meter(
        [
          { eth0: [0, 0], br0: [0, 0] },
          { eth0: [0, 70], br0: [0, 70] },
        ],
        rule,
      ),
    ).toEqual([0, 70]);
  });

  it('says that it could not read the counters, and keeps the traffic counted before', () => {
    expect(meter([{ eth0: [0, 0] }, 'unreadable'])).toBe('cannot be read (for now)');
    expect(meter([{ eth0: [0, 0] }, { eth0: [10, 0] }, 'unreadable', { eth0: [30, 0] }])).toEqual([30, 0]);
  });

  it('samples five times a second at most', () => {
    let looks = 0;
    const proc = {
      ...aProc([]),
      readAgain: () => {
        looks += 1;
        return aTable({ eth0: [1, 1] });
      },
    };
    const traffic = createTrafficMeter(proc, aProc([]), () => undefined);
    for (let now = 0; now < 1000; now += 100) traffic.look(now);

    expect(looks).toBe(5);
  });
});

/** /sys/class/net: interface to its files; a text is what is in the file. */
function aSys(files: Readonly<Record<string, Readonly<Record<string, string>>>>): ProcReader {
  return {
    ...aProc([]),
    list: (path) => (files[path] ? Object.keys(files[path]) : 'gone'),
    read: (path) => {
      const [name = '', file = ''] = path.split('/');
      const text = files[name]?.[file];
      return text === undefined ? 'gone' : Buffer.from(text);
    },
    readLink: (path) => {
      const [name = '', file = ''] = path.split('/');
      return files[name]?.[file] ?? 'gone';
    },
  };
}

const machine = aSys({
  eth0: { device: '', type: '1\n', master: '../br0' },
  br0: { bridge: '', lower_eth0: '', lower_veth1: '', type: '1\n' },
  eth1: { type: '1\n', master: '../br1' },
  br1: { bridge: '', lower_eth1: '', type: '1\n' },
  bond0: { bonding: '', lower_eth2: '', lower_eth3: '', type: '1\n' },
  eth2: { device: '', master: '../bond0', type: '1\n' },
  'eth0.100': { lower_eth0: '', type: '1\n' },
  docker0: { bridge: '', lower_veth9ab: '', type: '1\n' },
  veth9ab: { type: '1\n', master: '../docker0' },
  odd: { type: '1\n', master: '../docker0' },
  tun0: { tun_flags: '0x1001\n', type: '65534\n' },
  wg0: { type: '65534\n', uevent: 'DEVTYPE=wireguard\n' },
  vxlan7: { type: '1\n', uevent: 'INTERFACE=vxlan7\nDEVTYPE=vxlan\n' },
  gre1: { type: '778\n' },
  wwan0: { device: '', type: '65534\n', uevent: 'DEVTYPE=wwan\n' },
  ppp0: { type: '512\n' },
  usb0: { tun_flags: '0x1002\n', type: '1\n' },
  ifb0: { type: '1\n' },
});

describe('which interfaces count', () => {
  const why = (name: string, choice: InterfaceChoice = allInterfaces, files: Record<string, string> = {}) =>
    createInterfaceRule(aProc([], { files }), machine, choice)(name);

  it.each([
    ['a network card, also in a bridge', 'eth0'],
    ['a card of a bond', 'eth2'],
    ['the uplink of a container or namespace', 'eth1'],
    ['a modem', 'wwan0'],
    ['a modem by PPP', 'ppp0'],
    ['a way out by its name', 'usb0'],
    ['what is not in /sys', 'eth9'],
  ])('%s does', (_what, name) => {
    expect(why(name)).toBeUndefined();
  });

  it.each([
    ['loopback', 'lo', 'loopback'],
    ['a bridge', 'br0', 'it runs over eth0'],
    ['a bridge of a virtual uplink', 'br1', 'it runs over eth1'],
    ['a bond', 'bond0', 'it runs over eth2'],
    ['a VLAN', 'eth0.100', 'it runs over eth0'],
    ['the bridge of containers', 'docker0', 'a bridge of containers'],
    ['a container', 'veth9ab', 'an end in a container'],
    ['a container under another name', 'odd', 'an end in a container'],
    ['a container of which /sys says nothing', 'veth77', 'an end in a container'],
    ['a VPN', 'tun0', 'a tunnel or a virtual machine'],
    ['WireGuard', 'wg0', 'a tunnel'],
    ['a VXLAN', 'vxlan7', 'a tunnel'],
    ['GRE', 'gre1', 'a tunnel'],
    ['a copy', 'ifb0', 'a copy of what another takes in'],
  ])('%s does not, because of what is below it or inside', (_what, name, reason) => {
    expect(why(name)).toBe(reason);
  });

  it('PPP over Ethernet does not, since its Ethernet does', () => {
    expect(why('ppp0', allInterfaces, { 'net/pppoe': 'Id Address Device\n00000001 00:11 eth0\n' })).toBe(
      'PPP over another',
    );
    expect(why('ppp0', allInterfaces, { 'net/pppoe': 'Id Address Device\n' })).toBeUndefined();
  });

  it('is as the configuration says, whatever the rule', () => {
    const choice = { include: ['wg*'], exclude: ['eth0', 'w*an0', 'wg9'] };

    expect(['wg0', 'wg9', 'eth0', 'wwan0', 'eth2'].map((name) => why(name, choice))).toEqual([
      undefined,
      'the configuration excludes it',
      'the configuration excludes it',
      'the configuration excludes it',
      undefined,
    ]);
  });
});
