import {
  isAlive,
  isStill,
  parseChildren,
  parseCommandLine,
  parseNewestPid,
  parseReapedTicks,
  parseStat,
  parseUptimeSeconds,
  parseUserId,
} from '../../../agent/proc/proc-stat';
import { aStatLine, type FakeProcess } from '../fake-proc';

describe('parseStat', () => {
  it('reads the fields by their numbers in proc_pid_stat(5)', () => {
    const line = '42 (sh) S 7 1 6 0 -1 0 11 12 13 14 15 16 17 18 20 0 3 0 99 1 2\n';

    expect(parseStat(Buffer.from(line))).toEqual({
      pid: 42,
      comm: 'sh',
      state: 'S',
      ppid: 7,
      session: 6,
      usedTicks: 15 + 16 + 17 + 18,
      threads: 3,
      startTicks: 99,
      reapedWork: 12 + 14 + 17 + 18,
    });
  });

  it.each([['a) R 1 (b'], [') '], ['((('], ['two words'], ['new\nline'], ['\xff\xfe\x80'], ['']])(
    'keeps a hostile kernel name %j byte for byte',
    (comm) => {
      expect(parseStat(aStatLine({ pid: 5, comm, ppid: 3 }))).toMatchObject({
        pid: 5,
        comm,
        ppid: 3,
        state: 'S',
      });
    },
  );

  it.each([
    [''],
    ['42'],
    ['42 (sh'],
    ['42 (sh)'],
    ['42 (sh) S 7 1'],
    ['x (sh) S 7 1'],
    ['(sh) S'],
    ['\0\0\0\0'],
  ])('skips a line that is cut off or something else: %j', (line) => {
    expect(parseStat(Buffer.from(line))).toBeUndefined();
  });
});

describe('isStill', () => {
  it.each<[string, Partial<FakeProcess>, boolean]>([
    ['the same', {}, true],
    ['one with a hostile name', { comm: 'a) R 1 (b' }, true],
    ['one that has done something', { usedTicks: 7, state: 'R', threads: 4, ppid: 9 }, true],
    ['one that has another name', { comm: 'apq' }, false],
    ['one that has a longer name', { comm: 'app2' }, false],
    ['one that has a shorter name', { comm: 'ap' }, false],
    ['another one with its number', { startTicks: 1001 }, false],
    ['another one that started ten times later', { startTicks: 10_000 }, false],
    ['a zombie', { state: 'Z' }, false],
    ['a dead one', { state: 'X' }, false],
  ])('reports %s', (_which, now, expected) => {
    const comm = expected ? (now.comm ?? 'app') : 'app';

    expect(isStill(aStatLine({ pid: 5, ...now }), { comm, startTicks: 1000 })).toBe(expected);
  });

  it.each(['', '5 (app)', '5 (app) S 1', '5 (app) S 1 5 5 0 -1 4194560 120 0 0 0 0 0 0 0 20 0 1 0 '])(
    'is false for a line that is cut off: %j',
    (line) => {
      expect(isStill(Buffer.from(line), { comm: 'app', startTicks: 1000 })).toBe(false);
    },
  );
});

describe('isAlive', () => {
  it.each([
    ['S', 1, true],
    ['T', 1, true],
    ['Z', 1, false],
    ['Z', 2, true],
    ['X', 1, false],
  ])('of state %s with %d threads is %s', (state, threads, alive) => {
    const stat = parseStat(aStatLine({ pid: 5, state, threads }));

    expect(stat && isAlive(stat)).toBe(alive);
  });
});

describe('parseChildren', () => {
  it.each([
    ['', []],
    ['12 345 ', [12, 345]],
    ['12 x -3 0 345 ', [12, 345]],
  ])('reads %j', (text, pids) => {
    expect(parseChildren(Buffer.from(text))).toEqual(pids);
  });
});

describe('parseCommandLine', () => {
  it.each([
    ['', []],
    ['sh\0-c\0\0', ['sh', '-c', '']],
    ['overwritten title', ['overwritten title']],
  ])('reads %j', (text, args) => {
    expect(parseCommandLine(Buffer.from(text))).toEqual(args);
  });

  it('returns text also for bytes that are not UTF-8', () => {
    expect(parseCommandLine(Buffer.from([0x73, 0x68, 0, 0xff, 0xfe, 0]))).toEqual(['sh', '\ufffd\ufffd']);
  });
});

describe('the other parsers', () => {
  it('read the real user id', () => {
    expect(parseUserId(Buffer.from('Name:\tUid:\\n7\nUid:\t1000\t0\t0\t0\n'))).toBe(1000);
    expect(parseUserId(Buffer.from('Name:\tx\n'))).toBeUndefined();
  });

  it('read the time since boot', () => {
    expect(parseUptimeSeconds(Buffer.from('350735.47 234388.90\n'))).toBe(350735.47);
    expect(parseUptimeSeconds(Buffer.from(''))).toBeUndefined();
  });

  it('read the newest pid', () => {
    expect(parseNewestPid(Buffer.from('0.10 0.20 0.30 1/234 5678\n'))).toBe(5678);
    expect(parseNewestPid(Buffer.from('0.10\n'))).toBeUndefined();
  });

  it('read what the ended children of a process ran, whatever its name is', () => {
    const line = '5 (a) R 1 (b) S 1 5 5 0 -1 4194560 1 2 3 4 11 12 13 14 20 0 1 0 99 1 2';

    expect(parseReapedTicks(Buffer.from(line))).toBe(27);
    expect(parseReapedTicks(Buffer.from('5 (a) S 1'))).toBe(0);
  });
});
