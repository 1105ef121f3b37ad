import type { Family } from '../../../agent/processes/family';
import {
  createUseReader,
  readMachineMemory,
  readMachineUse,
  readResidentBytes,
} from '../../../agent/processes/process-load';
import { aProc } from '../fake-proc';

const member = (usedTicks: number, startTicks = 100) => ({
  startTicks,
  usedTicks,
  reapedWork: 0,
  session: 0,
  threads: 1,
  comm: 'app',
  seenComm: 'app',
  foundAt: 0,
  isKnown: true,
  ppid: 1,
  looks: 1,
  age: 1,
  relatedBy: undefined,
  root: 10,
});

function aFamily(
  instances: Readonly<Record<number, ReturnType<typeof member>>>,
  children: Readonly<Record<number, ReturnType<typeof member>>> = {},
): Family {
  const toMap = (members: typeof instances) =>
    new Map(Object.entries(members).map(([pid, one]) => [Number(pid), one]));
  return { instances: toMap(instances), children: toMap(children), zombies: new Map() };
}

/** Looks once a second, and returns the ticks used in total. */
function use(...families: readonly Family[]): number {
  const read = createUseReader();
  return families.map((family, index) => read(family, index * 1000).used).at(-1) ?? -1;
}

describe('createUseReader', () => {
  it('counts processor time from the first sample on, as a share of one core', () => {
    const read = createUseReader();
    read(aFamily({ 10: member(5000) }), 0);

    expect(read(aFamily({ 10: member(5050) }), 1000)).toEqual({ used: 50, of: 100 });
  });

  it.each<[string, readonly Family[], number]>([
    [
      'a child from its start',
      [aFamily({ 10: member(5) }), aFamily({ 10: member(5) }, { 11: member(30) })],
      30,
    ],
    [
      'a child once, when its parent waited for it',
      [aFamily({ 10: member(5) }, { 11: member(30) }), aFamily({ 10: member(5 + 32) })],
      2,
    ],
    [
      'no instance for what it ran before it was watched',
      [aFamily({ 10: member(5) }), aFamily({ 10: member(6), 20: member(9000) })],
      1,
    ],
    ['nothing negative when an instance ends', [aFamily({ 10: member(500) }), aFamily({})], 0],
    [
      'another process of the same number by itself',
      [aFamily({ 10: member(500) }), aFamily({ 10: member(3, 900) }), aFamily({ 10: member(4, 900) })],
      1,
    ],
    [
      'a worker of the same name once',
      [
        aFamily({ 10: member(0), 11: member(0) }, { 11: member(0) }),
        aFamily({ 10: member(0), 11: member(9) }, { 11: member(9) }),
      ],
      9,
    ],
  ])('counts %s', (_what, families, used) => {
    expect(use(...families)).toBe(used);
  });
});

describe('readResidentBytes', () => {
  it('adds up a family, each process once', () => {
    const proc = aProc([
      { pid: 10, residentKilobytes: 100 },
      { pid: 11, residentKilobytes: 20 },
    ]);
    const family = aFamily({ 10: member(0), 11: member(0) }, { 11: member(0), 12: member(0) });

    expect(readResidentBytes(proc, family)).toBe(120 * 1024);
  });
});

describe('the machine', () => {
  it('is busy except while it idles or waits for disks', () => {
    const files = { stat: 'cpu  100 1 50 800 40 2 3 4 9 9\ncpu0 1 2 3\n' };

    expect(readMachineUse(aProc([], { files }))).toEqual({ used: 160, of: 1000 });
  });

  it('uses the memory that is not available', () => {
    const files = { meminfo: 'MemTotal:  1000 kB\nMemFree:  1 kB\nMemAvailable:  400 kB\n' };

    expect(readMachineMemory(aProc([], { files }))).toBe(600 * 1024);
  });

  it('reports nothing if there is nothing to read', () => {
    expect([readMachineUse(aProc([])), readMachineMemory(aProc([]))]).toEqual([undefined, undefined]);
  });
});
