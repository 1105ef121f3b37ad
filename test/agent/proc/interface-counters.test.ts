import { parseInterfaceCounters } from '../../../agent/proc/interface-counters';

const header = 'Inter-|   Receive | Transmit\n face |bytes packets errs | bytes packets\n';

function aRow(
  name: string,
  bytesIn: number,
  packetsIn: number,
  bytesOut: number,
  packetsOut: number,
): string {
  return `${name.padStart(6)}: ${bytesIn} ${packetsIn} 0 0 0 0 0 0 ${bytesOut} ${packetsOut} 0 0 0 0 0 0\n`;
}

function counters(...rows: readonly string[]) {
  return parseInterfaceCounters(Buffer.from(header + rows.join('')));
}

describe('parseInterfaceCounters', () => {
  it('reads every interface but loopback, also counters over 32 bits', () => {
    expect([...counters(aRow('lo', 9, 9, 9, 9), aRow('eth0', 5_000_000_000, 2, 3, 4))]).toEqual([
      ['eth0', { bytesIn: 5_000_000_000, packetsIn: 2, bytesOut: 3, packetsOut: 4 }],
    ]);
  });

  it.each([['br-1a2b'], ['eth0.100'], ['veth1234567'], ['wlx00:11']])('reads the name %s whole', (name) => {
    expect([...counters(aRow(name, 1_000_000, 2, 3, 4)).keys()]).toEqual([name]);
  });

  it('reads a row without a blank after the colon', () => {
    expect(counters('eth0:1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0\n').get('eth0')).toEqual({
      bytesIn: 1,
      packetsIn: 2,
      bytesOut: 3,
      packetsOut: 4,
    });
  });

  it.each([['eth0: 1 2 3\n'], ['eth0 1 2\n'], ['eth0: a b c d e f g h i j k l m n o p\n'], ['']])(
    'skips a row it cannot read: %j',
    (row) => {
      expect([...counters(row)]).toEqual([]);
    },
  );
});
