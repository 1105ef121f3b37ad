import { createChildSampler } from '../../../agent/processes/child-sampler';
import { aProc, type FakeProc, ownPid } from '../fake-proc';
import { app, child, watchMyapp } from './watched-app';

describe('a sample of a quiet machine', () => {
  const options = { newestPid: 1000 };

  function play(proc: FakeProc) {
    const sample = watchMyapp(proc);
    sample();
    sample();
    sample();
    proc.reads.length = 0;
    return sample;
  }

  it('lists no children, of however many threads, while no process is made', () => {
    const proc = aProc([{ ...app, threads: 500 }, child], options);
    const sample = play(proc);

    expect(sample()).toMatchObject({ children: 1 });
    expect(proc.reads.filter((path) => path.includes('/task'))).toEqual([]);
  });

  it('still detects that a child ended, became another program, or left a zombie', () => {
    const other = { ...child, pid: 12 };
    const proc = aProc([app, child, other, { ...child, pid: 13, state: 'Z' }], options);
    const sample = play(proc);
    proc.become(
      [
        { ...app, reapedFaults: 50 },
        { ...other, comm: 'miner' },
      ],
      options,
    );

    expect(sample()).toEqual({ state: 'running', children: 1, cameAndWent: false, pids: [12] });
    expect(sample()).toMatchObject({ children: 1, cameAndWent: false });
  });

  it('finds a child as soon as a process is made', () => {
    const proc = aProc([app], options);
    const sample = play(proc);
    proc.become([app, { ...child, pid: 1001 }], { newestPid: 1001 });

    expect(sample()).toMatchObject({ children: 1, pids: [1001] });
  });

  it('reads no list of all processes either, on a kernel without children files', () => {
    const proc = aProc([app, child], { ...options, childrenFiles: false });
    const sample = play(proc);
    const { list } = proc;
    let lists = 0;
    Object.assign(proc, {
      list: (path: string) => {
        lists += 1;
        return list(path);
      },
    });

    expect([sample().children, lists]).toEqual([1, 0]);
  });
});

/** Looks at the processes of `myapp` every 100 ms. */
function openLook(proc: FakeProc) {
  const sampler = createChildSampler(proc, [{ name: 'myapp' }], ownPid);
  let now = 0;
  const look = () => {
    now += 100;
    return sampler.sample(now)[0];
  };
  return { sampler, look };
}

describe('a machine that does not show new pids', () => {
  it('is scanned each second, and says so, so that an app and its child are found', () => {
    const frozen = { newestPid: 20 };
    const proc = aProc([{ pid: 5, comm: 'cron' }], frozen);
    const { sampler, look } = openLook(proc);
    look();
    const before = sampler.sight().announcesPids;
    proc.become(
      [
        { pid: 5, comm: 'cron' },
        { pid: 1010, comm: 'myapp' },
      ],
      frozen,
    );
    // The first is found by the usual scan.
    for (let count = 0; count < 103; count += 1) look();
    const after = sampler.sight().announcesPids;
    proc.become(
      [
        { pid: 5, comm: 'cron' },
        { pid: 1010, comm: 'myapp' },
        { pid: 1011, comm: 'sh', ppid: 1010 },
      ],
      frozen,
    );
    const found = look()?.family.children.size;
    proc.become(
      [
        { pid: 5, comm: 'cron' },
        { pid: 1020, comm: 'myapp' },
      ],
      frozen,
    );
    for (let count = 0; count < 11; count += 1) look();

    expect([before, after, found, look()?.state]).toEqual([true, false, 1, 'running']);
  });

  it('does not include one whose pids start again from the lowest', () => {
    const cron = { pid: 5, comm: 'cron' };
    const proc = aProc([cron], { newestPid: 32_000 });
    const { sampler, look } = openLook(proc);
    look();
    // Hundreds at once, of which one with a high number is left; then small ones.
    const late = { comm: 'late', state: 'Z' };
    proc.become([cron, { pid: 32_700, ...late }, { pid: 32_701, ...late }], { newestPid: 400 });
    for (let count = 0; count < 220; count += 1) look();

    expect(sampler.sight().announcesPids).toBe(true);
  });
});
