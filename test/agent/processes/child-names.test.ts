import { parseStat } from '../../../agent/proc/proc-stat';
import { createNameReader } from '../../../agent/processes/child-names';
import type { Family } from '../../../agent/processes/family';
import { aProc, aStatLine, type FakeProcess } from '../fake-proc';

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

function aFamily(processes: readonly FakeProcess[]): Family {
  const children = processes.map(({ pid, comm = 'app' }) => {
    const child = {
      startTicks: 1000,
      ppid: 10,
      comm,
      reapedWork: 0,
      usedTicks: 0,
      session: 0,
      threads: 1,
      looks: 1,
      age: 1,
      relatedBy: undefined,
      root: 10,
    };
    return [pid, child] as const;
  });
  return { instances: new Map(), children: new Map(children), zombies: new Map() };
}

function namesOf(...processes: readonly FakeProcess[]): readonly string[] {
  return createNameReader(aProc(processes))(aFamily(processes), []);
}

describe('createNameReader', () => {
  it('returns the file name of each program once', () => {
    const sh = { comm: 'renamed', exe: '/bin/dash' };

    expect(
      namesOf({ pid: 11, ...sh }, { pid: 12, ...sh }, { pid: 13, exe: '/usr/bin/curl (deleted)' }),
    ).toEqual(['dash', 'curl']);
  });

  it.each([
    ['with what Device Defender would not keep', 'a b;c\n', 'a_b_c_'],
    ['of no characters', '', '_'],
    ['that is not UTF-8', '\xff\xfe', '__'],
    ['in other letters', bytes('é'), '_'],
  ])('turns a kernel name %s into one that the metric accepts', (_what, comm, name) => {
    expect(namesOf({ pid: 11, comm })).toEqual([name]);
  });

  it('cuts a name of any length', () => {
    expect(namesOf({ pid: 11, exe: `/tmp/${'x'.repeat(250)}` })).toEqual(['x'.repeat(128)]);
  });

  it('looks a name up once for each child and kernel name', () => {
    const proc = aProc([{ pid: 11, exe: '/bin/sh' }]);
    const read = createNameReader(proc);
    read(aFamily([{ pid: 11 }]), []);
    proc.reads.length = 0;
    read(aFamily([{ pid: 11 }]), []);
    expect(proc.reads).toEqual([]);
    proc.become([{ pid: 11, exe: '/bin/miner' }]);

    expect(read(aFamily([{ pid: 11, comm: 'miner' }]), [])).toEqual(['miner']);
  });

  it('returns the kernel name of a child that only left a zombie', () => {
    const stat = parseStat(aStatLine({ pid: 12, comm: 'curl', state: 'Z' }));

    expect(createNameReader(aProc([]))(aFamily([]), stat ? [{ kind: 'zombie', stat }] : [])).toEqual([
      'curl',
    ]);
  });
});
