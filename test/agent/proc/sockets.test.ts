import { isEstablishedTcp, isListeningTcp, isListeningUdp, parseSockets } from '../../../agent/proc/sockets';

const header =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const rest = '00000000:00000000 00:00000000 00000000     0        0 12345 1 0000000000000000 100 0 0 10 0';

function aTable(...rows: readonly string[]): Buffer {
  return Buffer.from(header + rows.map((row, index) => `   ${index}: ${row} ${rest}\n`).join(''));
}

describe('parseSockets', () => {
  it('reads IPv4 addresses, which the kernel prints in the byte order of the machine', () => {
    expect(parseSockets(aTable('0100007F:1F90 0200000A:C350 01'))).toEqual([
      { localAddress: '127.0.0.1', localPort: 8080, remoteAddress: '10.0.0.2', remotePort: 50000, state: 1 },
    ]);
  });

  it.each([
    ['00000000000000000000000000000000', '::'],
    ['00000000000000000000000001000000', '::1'],
    ['B80D0120000000000000000001000000', '2001:db8::1'],
    ['B80D0120010000000000000001000000', '2001:db8:0:1::1'],
    ['0000000000000000FFFF00000100007F', '127.0.0.1'],
    ['000080FE00000000FF005450DDCCBBAA', 'fe80::5054:ff:aabb:ccdd'],
  ])('reads the IPv6 address %s as %s', (hex, address) => {
    expect(parseSockets(aTable(`${hex}:0016 ${'0'.repeat(32)}:0000 0A`))[0]?.localAddress).toBe(address);
  });

  it('reads row after row, also one whose number is longer than its column', () => {
    const text = `12345: 0100007F:0016 0200000A:C350 01 ${rest}\n100000: 0100007F:0017 0200000A:C351 0A ${rest}`;

    expect(
      parseSockets(Buffer.from(header + text)).map(({ localPort, state }) => [localPort, state]),
    ).toEqual([
      [22, 1],
      [23, 10],
    ]);
  });

  it.each([
    ['0100007F:0016 0200000A:C350 0'],
    ['0100007F:0016 0200000A:C350 01'],
    ['0100007G:0016 0200000A:C350 01 '],
    ['0100007F:001 60200000A:C350 01 '],
    ['0100007F:0016 0200000A-C350 01 '],
    ['0100007f:0016 0200000A:C350 01 '],
    [`0100007F:0016 ${'0'.repeat(32)}:C350 01 `],
    [`${'0'.repeat(31)}:0016 ${'0'.repeat(32)}:C350 01 `],
  ])('skips a row that is cut off or not as the kernel writes it: %j', (row) => {
    expect(parseSockets(Buffer.from(`${header}   0: ${row}\n   1: 0100007F:0016 0200000A:C350 01 `))).toEqual(
      [{ localAddress: '127.0.0.1', localPort: 22, remoteAddress: '10.0.0.2', remotePort: 50000, state: 1 }],
    );
  });

  it.each([[''], ['garbage\n'], [`${header}   0: 0100007F:1F90 0200`], [`${header}   0: XYZ:1 2:3 0A \n`]])(
    'skips what is no row: %j',
    (text) => {
      expect(parseSockets(Buffer.from(text))).toEqual([]);
    },
  );
});

describe('the rows of connections that have ended or not begun', () => {
  it('are left out, however many there are', () => {
    const states = ['02', '03', '04', '05', '06', '08', '09', '0B', '0C'];
    const ended = states.map((state) => `0100007F:0016 0200000A:C350 ${state}`);

    expect(parseSockets(aTable(...ended, '0100007F:0016 0200000A:C350 01', ...ended))).toHaveLength(1);
  });
});

describe('what a socket does', () => {
  it.each([
    ['00000000:0016 00000000:0000 0A', isListeningTcp, true],
    ['0100007F:0016 0200000A:C350 01', isListeningTcp, false],
    ['0100007F:0016 0200000A:C350 01', isEstablishedTcp, true],
    ['00000000:0044 00000000:0000 07', isListeningUdp, true],
    ['0100007F:D431 0200000A:0035 01', isListeningUdp, false],
    ['00000000:0000 00000000:0000 07', isListeningUdp, false],
  ])('%s, asked %p: %s', (row, ask, answer) => {
    expect(parseSockets(aTable(row)).map(ask)).toEqual([answer]);
  });
});
