import { type AddressInfo, connect, createServer } from 'node:net';
import { readRemoteAddresses } from '../../../agent/metrics/remote-addresses';
import { createProcReader } from '../../../agent/proc/proc-reader';
import { aProc } from '../fake-proc';
import { waitFor } from '../poll';

const header =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';

function aTable(...rows: readonly (readonly [remote: string, inode: number])[]): string {
  const lines = rows.map(
    ([remote, inode], index) =>
      `   ${index}: 0100000A:C350 ${remote} 01 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0\n`,
  );
  return header + lines.join('');
}

describe('readRemoteAddresses', () => {
  const network = (tables: Readonly<Record<string, string>>, namespace = 'net:[1]') => ({
    namespace,
    tables,
  });

  it('gives each address once, of the sockets that the processes hold', () => {
    const tables = {
      tcp: aTable(['0200000A:01BB', 7], ['0200000A:0050', 8], ['0300000A:01BB', 9]),
      tcp6: aTable([`${'B80D0120000000000000000001000000'}:01BB`, 10]),
      udp: aTable(['0400000A:0035', 11]),
    };
    const proc = aProc([
      { pid: 10, files: ['/dev/null', 'socket:[7]', 'pipe:[9]', 'socket:[10]'], network: network(tables) },
      { pid: 11, files: ['socket:[8]', 'socket:[11]'], network: network(tables) },
    ]);

    expect(readRemoteAddresses(proc, [10, 11])).toEqual({
      addresses: ['10.0.0.2', '10.0.0.4', '2001:db8::1'],
    });
  });

  it('leaves out who only listens, and rows that are cut off', () => {
    const tcp = `${aTable(['00000000:0000', 7])}   1: 0100000A:C350 0200`;

    expect(
      readRemoteAddresses(aProc([{ pid: 10, files: ['socket:[7]'], network: network({ tcp }) }]), [10]),
    ).toEqual({ addresses: [] });
  });

  it('reads the tables of each process’s own network namespace', () => {
    const proc = aProc([
      { pid: 10, files: ['socket:[7]'], network: network({ tcp: aTable(['0200000A:01BB', 7]) }) },
      { pid: 11, files: ['socket:[8]'], network: network({ tcp: aTable(['0300000A:01BB', 8]) }, 'net:[2]') },
    ]);

    expect(readRemoteAddresses(proc, [10, 11])).toEqual({ addresses: ['10.0.0.2', '10.0.0.3'] });
  });

  it('names the processes that it may not read, and none that is gone', () => {
    expect(readRemoteAddresses(aProc([{ pid: 10 }], { denied: [10] }), [10])).toEqual({ failure: 'denied' });
    expect(readRemoteAddresses(aProc([]), [10])).toEqual({ addresses: [] });
  });

  it('sees a connection of a real process', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await waitFor('the server', () => server.listening);
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await waitFor('the connection', () => client.readyState === 'open');

    expect(readRemoteAddresses(createProcReader(), [process.pid])).toMatchObject({
      addresses: expect.arrayContaining(['127.0.0.1']),
    });
    client.destroy();
    server.close();
  });
});
