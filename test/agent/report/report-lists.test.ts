import fc from 'fast-check';
import type { Socket } from '../../../agent/proc/sockets';
import { type Baseline, listConnections, listPorts, remoteKey } from '../../../agent/report/report-lists';

const addresses = ['10.0.0.1', '10.0.0.2', '2001:db8::1', '192.0.2.7', '198.51.100.4'];
const someAddresses = fc.subarray(addresses);
const someSockets = fc.array(
  fc.record({
    localAddress: fc.constantFrom('127.0.0.1', '0.0.0.0', '::'),
    localPort: fc.integer({ min: 1, max: 40 }),
    remoteAddress: fc.constantFrom(...addresses),
    remotePort: fc.integer({ min: 1, max: 3 }),
    state: fc.constant(1),
  }),
  { maxLength: 60 },
);
const someBaseline: fc.Arbitrary<Baseline> = fc
  .tuple(someAddresses, someAddresses, fc.integer({ min: 1, max: 9 }))
  .map(([known, waiting, number]) => ({
    listeners: new Map([['tcp 7 127.0.0.1', number]]),
    remotes: new Set(known),
    untold: new Map([
      ...waiting.map((address, index) => [remoteKey(address), index] as const),
      ['tcp 9 ::', 2] as const,
    ]),
    number: 10,
  }));
const noNames = new Map<string, string>();

describe('a list that is cut', () => {
  it.each([
    [
      'connections',
      (sockets: readonly Socket[], before: Baseline | undefined, most: number) =>
        listConnections(sockets, noNames, before, most).connections,
    ],
    [
      'ports',
      (sockets: readonly Socket[], before: Baseline | undefined, most: number) =>
        listPorts('tcp', sockets, noNames, before, most).ports,
    ],
  ])('holds the first rows of the whole list of %s, in its order', (_what, list) => {
    fc.assert(
      fc.property(
        someSockets,
        fc.option(someBaseline, { nil: undefined }),
        fc.integer({ min: 1, max: 20 }),
        (sockets, before, most) => {
          const whole: readonly unknown[] = list(sockets, before, sockets.length + 1);
          expect(list(sockets, before, most)).toEqual(whole.slice(0, most));
        },
      ),
    );
  });

  it('keeps the one strange address among thousands of connections to the same server', () => {
    const usual = Array.from(
      { length: 4000 },
      (_, index): Socket => ({
        ...{
          localAddress: '10.0.0.9',
          localPort: index + 1,
          remoteAddress: '10.0.0.1',
          remotePort: 443,
          state: 1,
        },
      }),
    );
    const strange: Socket = { ...(usual[0] as Socket), remoteAddress: '203.0.113.9' };
    const { connections, total } = listConnections([...usual, strange], noNames, undefined, 50);

    expect(total).toBe(4001);
    expect(connections).toHaveLength(50);
    expect(connections[0]?.remote_addr).toBe('203.0.113.9:443');
  });
});
