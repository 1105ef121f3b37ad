import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { checkCalm } from '../../../cli/drill/calm';
import { readEndpoint } from '../../../cli/drill/endpoint';
import { describeOwner, isLeft } from '../../../cli/drill/leftovers';
import { createRecorder, DrillEnded, NotTried } from '../../../cli/drill/recorder';
import { writeDrill } from '../../../cli/drill/steps';
import { compareSnapshots } from '../../../proof/snapshot';
import { keepsTopic } from '../../../shared/config/keep-topics';

const now = Date.UTC(2026, 10, 29);

describe('isLeft', () => {
  const thing = (attributes: Record<string, string>) => ({ thingName: 'cordon-drill-1', attributes });
  it.each([
    ['a drill that runs here', describeOwner('dev', now), false],
    [
      'a process of this machine that is gone',
      { ...describeOwner('dev', now), cordonDrillBy: `${hostname()}:4194304999` },
      true,
    ],
    ['another machine, just begun', { ...describeOwner('dev', now), cordonDrillBy: 'elsewhere:1' }, false],
    [
      'another machine, hours ago',
      { ...describeOwner('dev', now - 4_000_000), cordonDrillBy: 'elsewhere:1' },
      true,
    ],
    ['nobody who can be read', { cordonDrillBegan: 'x', cordonDrillBy: '' }, false],
  ])('says of the thing of %s: %s', (_, attributes, expected) => {
    expect(isLeft(thing(attributes as Record<string, string>), now)).toBe(expected);
  });

  it('says of a killed process that nobody has waited for that it is gone', async () => {
    // The shell becomes a program that never waits for its child.
    const parent = spawn('sh', ['-c', 'sleep 60 & echo $!; exec sleep 60'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      const [line] = await once(parent.stdout, 'data');
      const of = {
        ...describeOwner('dev', now),
        cordonDrillBy: `${hostname().replace(/[^\w.-]/g, '-')}:${Number(line)}`,
      };
      expect(isLeft(thing(of), now)).toBe(false);

      process.kill(Number(line), 'SIGKILL');

      const deadline = Date.now() + 10_000;
      while (!isLeft(thing(of), now) && Date.now() < deadline) await delay(5);
      expect(isLeft(thing(of), now)).toBe(true);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('is recognized by three attributes, as a thing without a type has no more', () => {
    expect(Object.keys(describeOwner('dev', now))).toHaveLength(3);
    for (const value of Object.values(describeOwner('dev', now)))
      expect(value).toMatch(/^[a-zA-Z0-9_.,@/:#=[\]-]{1,800}$/);
  });
});

describe('keepsTopic', () => {
  it.each([
    ['cordon/things/$' + '{thing}/*', 'cordon/things/t/reports/json', true],
    ['cordon/things/$' + '{thing}/*', 'cordon/things/tt/reports/json', false],
    ['cordon/things/$' + '{thing}/reports/json', 'cordon/things/t/reports/json', true],
    ['$aws/things/$' + '{thing}/shadow/*', 'cordon/things/t/reports/json', false],
  ])('%s keeps %s: %s', (pattern, topic, expected) => {
    expect(keepsTopic(pattern, 't', topic)).toBe(expected);
  });
});

describe('compareSnapshots', () => {
  it('names each field that differs, is missing or is new', () => {
    const before = new Map([
      ['groups', 'a'],
      ['status', 'ACTIVE'],
      ['same', 'x'],
    ]);
    const after = new Map([
      ['groups', ''],
      ['same', 'x'],
      ['policy deny', 'version 1'],
    ]);
    expect(compareSnapshots(before, after)).toEqual([
      'groups was a and is empty',
      'status was ACTIVE and is absent',
      'policy deny was absent and is version 1',
    ]);
    expect(compareSnapshots(before, before)).toEqual([]);
  });
});

describe('checkCalm', () => {
  const history = (names: readonly string[]) => ({
    history: {
      listByStatus: async (status: string) =>
        status === 'contained' ? names.map((thingName) => ({ thingName })) : [],
    },
  });
  const limit = { things: 10, within: 600_000 };
  it('refuses if half of the fleet limit changed in its time, and counts no drill', async () => {
    const five = ['a', 'b', 'c', 'd', 'e'];
    await expect(checkCalm(history(five) as never, limit, now)).rejects.toThrow('a drill would delay them');
    await checkCalm(history(['cordon-drill-1', ...five.slice(1)]) as never, limit, now);
  });
});

describe('a recorder', () => {
  it('lists the steps that held, that failed and that were not tried, and ends a drill once later steps would prove nothing', async () => {
    const lines: string[] = [];
    const { step, startClock, results } = createRecorder(
      (line) => void lines.push(line),
      new AbortController().signal,
    );
    startClock(now);
    await step('session-ended', async () => ({ at: now + 12, detail: '' }));
    await step('role-refused', async () => Promise.reject(new NotTried('no alias')));
    await expect(
      step('contained', async () => Promise.reject(new Error('it is observed')), { last: true }),
    ).rejects.toThrow(DrillEnded);
    expect(results()).toMatchObject([
      { step: 'session-ended', status: 'held', afterMs: 12 },
      { step: 'role-refused', status: 'open', detail: 'no alias' },
      { step: 'contained', status: 'failed', detail: 'it is observed' },
    ]);
    const stopped = { held: false, thingName: 't', behavior: 'p/b', throughAfter: 0, throughBefore: 0 };
    const text = writeDrill({ ...stopped, steps: results() });
    expect(text).toMatch(/^ok +12 ms the broker ends the open session$/m);
    expect(text).toMatch(/^- +AWS credentials are refused: no alias$/m);
    expect(text).toContain('Read docs/runbooks/containment-failed.md');
    expect(text).toMatch(/1 of 3 steps did not hold\.$/);
    expect(writeDrill({ ...stopped, steps: results().slice(0, 2) })).toMatch(
      /The drill ended early, after 2 steps: none failed, and the others were not tried\.$/,
    );
    expect(lines).toHaveLength(3);
  });
});

describe('readEndpoint', () => {
  it.each([
    ['iot.example.com', { host: 'iot.example.com', port: 8883 }],
    ['iot.example.com:443', { host: 'iot.example.com', port: 443 }],
  ])('reads %s', (text, expected) => {
    expect(readEndpoint(text)).toEqual(expected);
  });

  it.each(['', 'mqtts://iot.example.com', 'host:0', 'host:70000', 'host:'])(
    'refuses %j and says what is expected',
    (text) => {
      expect(() => readEndpoint(text)).toThrow('expected a host such as iot.example.com');
    },
  );
});
