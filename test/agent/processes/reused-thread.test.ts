import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createProcReader, type ProcReader } from '../../../agent/proc/proc-reader';
import { createChildSampler } from '../../../agent/processes/child-sampler';
import { aStatLine, type FakeProcess } from '../fake-proc';
import { memoryFolder } from '../system';

const app: FakeProcess = { pid: 10, comm: 'myapp', threads: 2, session: 1 };
const child: FakeProcess = { pid: 11, comm: 'sh', ppid: 10, session: 1, startTicks: 2000 };

describe('a thread of a watched app with the number of one that ended', () => {
  let root: string;
  let proc: ProcReader;
  beforeEach(() => {
    root = mkdtempSync(join(memoryFolder, 'cordon-thread-'));
    proc = createProcReader(root);
  });
  afterEach(() => {
    proc.close();
    rmSync(root, { recursive: true, force: true });
  });

  /** Writes a new file in its place: an open descriptor keeps the old content, as the file of an ended thread does. */
  const put = (path: string, text: string | Buffer): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, 'new'), text);
    renameSync(join(root, 'new'), join(root, path));
  };
  const putProcess = (process: FakeProcess): void => {
    put(`${process.pid}/stat`, aStatLine(process));
    put(`${process.pid}/cmdline`, `${process.comm}\0`);
    put(`${process.pid}/task/${process.pid}/children`, '');
  };
  const announce = (newest: number): void =>
    writeFileSync(join(root, 'loadavg'), `0.00 0.01 0.05 1/234 ${newest}\n`);

  it.each([
    ['the numbers began anew', [30, 40, 12]],
    ['more numbers were given than one look sees', [30, 40, 900]],
  ])('shows its child at once: %s', (_why, [first = 0, second = 0, third = 0]) => {
    for (const one of [{ pid: 1, comm: 'init' }, { pid: 900, comm: 'agent' }, app]) putProcess(one);
    put('10/task/20/children', '');
    announce(first);
    const sampler = createChildSampler(proc, [{ name: 'myapp' }], 900);
    const look = (now: number) => [...(sampler.sample(now)[0]?.family.children.keys() ?? [])];
    const before = look(0);
    announce(second);
    look(100);
    putProcess(child);
    put('10/task/20/children', '11 ');
    announce(third);

    expect([before, look(200)]).toEqual([[], [11]]);
  });
});
