import { chmodSync, copyFileSync, linkSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMetrics } from '../../../agent/config/parse-metrics';
import { createMetricSampler } from '../../../agent/metrics/metric-sampler';
import { createChildSampler } from '../../../agent/processes/child-sampler';
import { collectEvidence } from '../../../agent/processes/evidence';
import { aProc, type FakeProc, type FakeProcess, ownPid } from '../fake-proc';

const app: FakeProcess = { pid: 10, comm: 'myapp', exe: '/opt/myapp' };
const curl: FakeProcess = {
  pid: 11,
  comm: 'curl',
  ppid: 10,
  exe: '/usr/bin/curl',
  args: ['curl', '-s', 'https://x'],
};

/** The file at a path: device and inode, its owner, and who may write it. */
interface File {
  readonly ino: number;
  readonly uid?: number;
  readonly mode?: number;
}

describe('a child that the configuration excepts', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-except-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  const isRoot = process.getuid?.() === 0;
  const asRoot = isRoot ? it : it.skip;

  function look(proc: FakeProc, except: readonly unknown[], files: Readonly<Record<string, string>>) {
    const metrics = parseMetrics({ m: { collect: 'children', of: { name: 'myapp' }, except } });
    const sampler = createMetricSampler(
      { ...proc, pathOf: (path) => files[path] ?? join(directory, 'none') },
      metrics,
      { users: String, wallClock: () => 0, ownPid },
    );
    let now = 0;
    return () => {
      now += 100;
      const [sample] = sampler.sample(now);
      return {
        children: sample?.seen.kind === 'count' ? sample.seen.level : sample?.seen.kind,
        excepted: sample?.excepted ?? [],
        evidence: sample?.evidence.map(({ pid }) => pid) ?? [],
        caveats: sample?.caveats ?? [],
      };
    };
  }

  function aFile(name: string, { mode = 0o755 }: Partial<File> = {}): string {
    const path = join(directory, name);
    copyFileSync(realpathSync('/bin/true'), path);
    chmodSync(path, mode);
    return path;
  }

  asRoot('does not count, and is named', () => {
    const path = aFile('curl');
    const sample = look(aProc([app, curl]), [{ executable: path, arguments: ['-s', '*'] }], {
      '11/exe': path,
    });

    expect(sample()).toEqual({ children: 0, excepted: [`${path} -s *`], evidence: [], caveats: [] });
  });

  asRoot.each<[string, Partial<FakeProcess>, (path: string) => string]>([
    ['runs a copy of it, whatever it calls itself', {}, () => aFile('copy')],
    ['has other arguments', { args: ['curl', '-s', 'https://y', '-o', '/tmp/x'] }, (path) => path],
    [
      'is started with a library of somebody else’s',
      { environment: ['LD_PRELOAD=/tmp/evil.so'], args: ['curl', '-s', 'https://x'] },
      (path) => path,
    ],
    ['cannot be seen', { args: undefined as unknown as string[] }, () => '/nonexistent'],
  ])('counts if it %s', (_what, changes, running) => {
    const path = aFile('curl');
    const proc = aProc([app, { ...curl, ...changes }]);
    const sample = look(proc, [{ executable: path, arguments: ['-s', 'https://x'] }], {
      '11/exe': running(path),
    });

    expect(sample()).toMatchObject({ children: 1, excepted: [], evidence: [11] });
  });

  asRoot('counts if its command line is longer than is read of it: more arguments may follow', () => {
    const path = aFile('curl');
    const long = 'https://x/'.padEnd(70_000, 'x');
    const proc = aProc([app, { ...curl, exe: path, args: ['curl', '-s', long, '-o', '/home/pi/.profile'] }]);
    const { read } = proc;
    // As the real one, which cuts a small file.
    const cutting = {
      ...proc,
      read: (file: string) => {
        const bytes = read(file);
        return typeof bytes === 'string' ? bytes : bytes.subarray(0, 64 * 1024);
      },
    };
    const files = { '11/exe': path };
    const counted = look(cutting, [{ executable: path, arguments: ['-s', '*'] }], files)();
    const [stat] = [...(createChildSampler(cutting, [{ name: 'myapp' }], ownPid).sample(0)[0]?.fresh ?? [])];
    if (!stat) throw new Error('no child');
    const seen = {
      ...cutting,
      pathOf: (file: string) => (file === '11/exe' ? path : join(directory, 'none')),
    };

    expect(counted).toMatchObject({ children: 1, excepted: [], evidence: [11] });
    // So a playbook can't except it either.
    expect(collectEvidence(seen, 'm', stat, String, 0, ownPid)).not.toHaveProperty('argumentCount');
  });

  asRoot('counts if anybody may write its file', () => {
    const path = aFile('curl', { mode: 0o757 });

    expect(look(aProc([app, curl]), [{ executable: path }], { '11/exe': path })()).toMatchObject({
      children: 1,
    });
  });

  asRoot('is the same by another path to the same file, and counts once it runs another', () => {
    const path = aFile('curl');
    const other = join(directory, 'link');
    linkSync(path, other);
    const files: Record<string, string> = { '11/exe': other };
    const sample = look(aProc([app, curl]), [{ executable: path }], files);
    const before = sample().children;
    files['11/exe'] = aFile('miner');

    expect([before, sample()]).toEqual([0, { children: 1, excepted: [], evidence: [11], caveats: [] }]);
  });

  asRoot('counts once it has mapped a file that is not root’s', () => {
    const path = aFile('curl');
    const proc = aProc([app, curl]);
    const sample = look(proc, [{ executable: path }], { '11/exe': path });
    const before = sample().children;
    proc.become([app, curl], { files: { '11/maps': '7f00-7f01 r-xp 0000 fe:00 5   /memfd:x (deleted)\n' } });
    const counts = Array.from({ length: 11 }, () => sample().children);

    // It is looked for once a second.
    expect([before, counts.at(-1)]).toEqual([0, 1]);
  });

  asRoot(
    'does not count between its fork and its exec, which a worker of the app does at the next look',
    () => {
      const path = aFile('curl');
      const forked = { ...app, pid: 11, ppid: 10, startTicks: 9995 };
      const sample = look(aProc([app, forked]), [{ executable: path }], {});

      expect([sample(), sample()]).toMatchObject([
        { children: 0, evidence: [] },
        { children: 1, evidence: [11] },
      ]);
    },
  );

  it('can’t be distinguished from one that ended before any sample, and health says so', () => {
    const proc = aProc([app]);
    const sample = look(proc, [{ executable: '/usr/bin/curl' }], {});
    sample();
    proc.become([{ ...app, reapedFaults: 50 }]);

    expect(sample()).toMatchObject({
      children: 0,
      caveats: [{ reason: 'exceptions', note: expect.stringMatching(/^m: children ended before/) }],
    });
  });
});

describe('evidence of a child', () => {
  const isRoot = process.getuid?.() === 0;
  const asRoot = isRoot ? it : it.skip;
  const trueFile = realpathSync('/bin/true');
  const { exe: _, ...withoutFile } = curl;

  function evidenceOf(child: Partial<FakeProcess>, runs: string) {
    const { exe = trueFile, ...rest } = child;
    const proc = aProc([app, { ...withoutFile, ...rest, ...(exe !== '' && { exe }) }]);
    const metrics = parseMetrics({ m: { collect: 'children', of: { name: 'myapp' } } });
    const sampler = createMetricSampler({ ...proc, pathOf: () => runs }, metrics, {
      users: String,
      wallClock: () => 0,
      ownPid,
    });
    return sampler.sample(100)[0]?.evidence[0];
  }

  asRoot('vouches for the file and the number of its arguments', () => {
    expect(evidenceOf({}, trueFile)).toMatchObject({ executable: trueFile, argumentCount: 2 });
    expect(evidenceOf({ args: ['true'] }, trueFile)).toMatchObject({ argumentCount: 0 });
  });

  it.each<[string, Partial<FakeProcess>, string]>([
    ['is not the one at that path', {}, '/bin/sh'],
    ['is gone', {}, '/nowhere'],
    [
      'can not be named, but by a kernel name that looks like a path',
      { comm: '/bin/true', exe: '' },
      trueFile,
    ],
    ['shows no command line', { args: [] }, trueFile],
  ])('vouches for nothing if the file %s', (_, child, runs) => {
    expect(evidenceOf(child, runs)).not.toHaveProperty('argumentCount');
  });
});

describe('an exception that says too little', () => {
  it.each([
    [{ executable: 'curl' }, 'except[0].executable: must be the absolute path'],
    [{ name: 'curl' }, 'except[0].name: unknown'],
    [{ executable: '/bin/sh' }, 'except[0].arguments: needed'],
    [{ executable: '/usr/bin/python3.11' }, 'except[0].arguments: needed'],
    [{ executable: '/bin/busybox' }, 'except[0].arguments: needed'],
    [{ executable: '/usr/bin/env', arguments: ['*'] }, 'except[0].arguments: no * for /usr/bin/env'],
    [{ executable: '/usr/bin/curl', arguments: 'x' }, 'except[0].arguments: must be a list of texts'],
  ])('is refused: %j', (exception, problem) => {
    const of = { name: 'myapp' };

    expect(() => parseMetrics({ m: { collect: 'children', of, except: [exception] } })).toThrow(problem);
  });

  it('is refused if there is nothing to except', () => {
    expect(() => parseMetrics({ m: { collect: 'remote-addresses', of: { name: 'a' }, except: [] } })).toThrow(
      'm.except: unknown',
    );
  });
});
