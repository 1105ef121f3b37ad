import { familySelection } from '../../../agent/config/link-timing';
import { toClientOptions } from '../../../agent/mqtt/broker-link';
import { watchRivals } from '../../../agent/mqtt/rivals';
import { noProblems } from '../builders';

const timing = { connectTimeoutMs: 60_000, acknowledgeTimeoutMs: 60_000, keepAliveSeconds: 120 };

describe('the times of a connection', () => {
  it('give each address of a host name seconds instead of the 250 ms of Node, and try both IP versions', () => {
    const { autoSelectFamily, autoSelectFamilyAttemptTimeout } = familySelection(timing);

    expect(autoSelectFamily).toBe(true);
    expect(autoSelectFamilyAttemptTimeout).toBeGreaterThanOrEqual(3000);
  });

  it('are those of the settings', () => {
    const settings = {
      endpoint: { host: 'h', port: 8883 },
      ...{ rootCaPath: '', certPath: '', keyPath: '', clientId: 'a', thingName: 'a', timing },
    };
    const none = Buffer.alloc(0);

    expect(toClientOptions(settings, { ca: none, cert: none, key: none, expiresAt: 0 })).toMatchObject({
      keepalive: 120,
      connectTimeout: 60_000,
      autoSelectFamilyAttemptTimeout: 15_000,
    });
  });
});

describe('another client under the same id', () => {
  function play(ends: readonly (readonly [connectedMs: number | undefined, isUnasked: boolean])[]) {
    let now = 0;
    const problems = noProblems();
    const rivals = watchRivals(
      'mything1',
      () => undefined,
      () => now,
      problems,
    );
    for (const [connectedMs, isUnasked] of ends) {
      now += connectedMs ?? 1000;
      rivals.noteEnd(connectedMs, isUnasked);
    }
    return Object.keys(problems.all());
  }

  it.each<[string, Parameters<typeof play>[0], readonly string[]]>([
    [
      'if the broker ends one connection after the other',
      [
        [500, true],
        [900, true],
        [500, true],
      ],
      ['connection'],
    ],
    [
      'not for two',
      [
        [500, true],
        [500, true],
      ],
      [],
    ],
    [
      'not if the broker refuses what is asked of it',
      [
        [500, false],
        [500, false],
        [500, false],
      ],
      [],
    ],
    [
      'not if no connection comes to be',
      [
        [undefined, false],
        [undefined, false],
        [undefined, false],
      ],
      [],
    ],
    [
      'not any more once a connection lasts',
      [
        [500, true],
        [500, true],
        [500, true],
        [900_000, true],
      ],
      [],
    ],
    [
      'not for ends that are far apart',
      [
        [500, true],
        [500, true],
        [undefined, true],
        [700_000, false],
        [500, true],
      ],
      [],
    ],
  ])('notices %s', (_what, ends, told) => {
    expect(play(ends)).toEqual(told);
  });
});
