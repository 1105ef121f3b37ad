import { parseStat } from '../../../agent/proc/proc-stat';
import {
  collectEvidence,
  collectTrace,
  mergeEvidence,
  mostEvidence,
} from '../../../agent/processes/evidence';
import { anEvidence } from '../builders';
import { aProc, aStatLine, type FakeProcess, type FakeProcOptions } from '../fake-proc';

const metric = 'num_child_procs_myapp';
const now = 1_700_000_000_000;
const app = { pid: 10, comm: 'myapp' };

function evidenceOf(child: Omit<FakeProcess, 'pid'>, options: FakeProcOptions = {}) {
  const process = { pid: 11, ppid: 10, ...child };
  return collectAbout(process, aProc([app, process], options));
}

/** Collects the evidence from the stat line of a process, of which /proc may have no other file any more. */
function collectAbout(process: FakeProcess, proc: ReturnType<typeof aProc>) {
  const stat = parseStat(aStatLine(process));
  if (!stat) throw new Error('no stat');
  return collectEvidence(proc, metric, stat, (id) => `user ${id}`, now);
}

describe('evidence', () => {
  it('describes a child', () => {
    const args = ['sh', '-c', 'curl -H "Authorization: Bearer abc" http://x/'];

    // 100 s after boot, of a process that began at 10 s.
    expect(evidenceOf({ comm: 'sh', exe: '/bin/dash', args, uid: 33, startTicks: 1000 })).toEqual({
      metric,
      pid: 11,
      ppid: 10,
      executable: '/bin/dash',
      commandLine: expect.stringMatching(/^sh -c curl .*\*\*\*/),
      user: 'user 33',
      startedAt: now - 90_000,
      parents: ['myapp', 'init'],
    });
  });

  it('keeps the stat line of a child that ends before the rest is read', () => {
    expect(collectAbout({ pid: 11, ppid: 10, comm: 'sh' }, aProc([app]))).toEqual({
      metric,
      pid: 11,
      ppid: 10,
      executable: 'sh',
      commandLine: '',
      user: '',
      startedAt: expect.any(Number),
      parents: ['myapp', 'init'],
    });
  });

  it('leaves a field empty that the agent may not read', () => {
    expect(evidenceOf({ comm: 'sh', args: ['sh'] }, { denied: [11] })).toMatchObject({
      executable: 'sh',
      commandLine: '',
      user: '',
    });
    expect(evidenceOf({ comm: 'sh' }, { denied: [10] })).toMatchObject({ parents: [] });
  });

  it.each([
    ['a newline and parentheses', 'x) R 1 (\ny'],
    ['bytes that are not UTF-8', '\xff\xfe\x80'],
    ['half a character', '\xf0\x9f\xa6'],
    ['nothing', ''],
  ])('is text whatever the kernel name: %s', (_what, comm) => {
    const { executable, parents } = evidenceOf({ comm });

    expect(executable.isWellFormed()).toBe(true);
    expect(executable).toBe(Buffer.from(comm, 'latin1').toString());
    expect(parents).toEqual(['myapp', 'init']);
  });

  it('is bounded whatever the arguments and the path', () => {
    const args = Array.from({ length: 16 }, (_, index) => `${index}`.padStart(4096, 'x'));
    const { commandLine, executable } = evidenceOf({ args, exe: `/${'d/'.repeat(2000)}x` });

    expect([commandLine.length, executable.length]).toEqual([1024, 512]);
  });

  it('ends the chain of parents if it goes in a circle', () => {
    const proc = aProc([
      { pid: 11, ppid: 12, comm: 'a' },
      { pid: 12, ppid: 11, comm: 'b' },
    ]);

    expect(collectAbout({ pid: 11, ppid: 12, comm: 'a' }, proc).parents).toHaveLength(16);
  });
});

describe('the trace of a child', () => {
  const users = String;

  it('is its zombie', () => {
    const stat = parseStat(aStatLine({ pid: 11, ppid: 10, comm: 'curl', state: 'Z' }));
    if (!stat) throw new Error('no stat');

    expect(collectTrace(aProc([app]), metric, { kind: 'zombie', stat }, users, now)).toMatchObject({
      pid: 11,
      ppid: 10,
      executable: 'curl',
      commandLine: '(exited before it could be read)',
      parents: ['myapp', 'init'],
    });
  });

  it('comes from the counters of its parent, without the unknown pid', () => {
    expect(collectTrace(aProc([app]), metric, { kind: 'reaped', parent: 10 }, users, now)).toEqual({
      metric,
      ppid: 10,
      executable: '',
      commandLine: '(exited before it could be read)',
      user: '',
      parents: ['myapp', 'init'],
    });
  });
});

describe('mergeEvidence', () => {
  it('replaces the first evidence of a process with a later one, in its place', () => {
    const [first, other] = [anEvidence({ pid: 1, commandLine: 'sh' }), anEvidence({ pid: 2 })];
    const later = anEvidence({ pid: 1, commandLine: 'miner' });

    expect(mergeEvidence([first, other], [later])).toEqual([later, other]);
  });

  it('keeps the first ten', () => {
    const all = Array.from({ length: 30 }, (_, pid) => anEvidence({ pid }));

    expect(mergeEvidence(all.slice(0, 5), all.slice(5))).toEqual(all.slice(0, mostEvidence));
  });
});
