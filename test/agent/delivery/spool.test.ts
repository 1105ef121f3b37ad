import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSpool } from '../../../agent/delivery/spool';
import { host } from '../../../agent/host';
import { createProblems } from '../../../agent/problems';
import { aReport, noProblems } from '../builders';

describe('a spool', () => {
  let directory: string;
  let folder: string;
  const real = { ...host };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-spool-'));
    folder = join(directory, 'mything1.spool');
  });
  afterEach(() => {
    Object.assign(host, real);
    rmSync(directory, { recursive: true, force: true });
  });
  const open = () => openSpool(directory, 'mything1', noProblems());
  const idsOf = (reports: readonly { header: { report_id: number } }[] = []) =>
    reports.map(({ header }) => header.report_id);

  it('returns the reports of an earlier run, in order and readable only by their owner, until they are dropped', () => {
    const first = open();
    for (const id of [900, 1000, 99]) first.keep('cordon', aReport({ id, children: id }), false);
    first.keep('device-defender', aReport({ id: 7 }), true);
    first.drop('cordon', aReport({ id: 900 }));
    const left = open().load();

    expect([idsOf(left.get('cordon')), idsOf(left.get('device-defender'))]).toEqual([[99, 1000], [7]]);
    expect(left.get('cordon')?.[1]).toEqual(aReport({ id: 1000, children: 1000 }));
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('removes the unfinished file of a killed run, and leaves no partial file if a write fails', () => {
    const spool = open();
    spool.keep('cordon', aReport({ id: 1 }), false);
    for (const name of ['cordon-2.json.4194303.tmp', 'device-defender-3.json.77.tmp'])
      writeFileSync(join(folder, name), '{"half');
    const left = open().load();
    host.renameSync = () => {
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    spool.keep('cordon', aReport({ id: 4 }), false);

    expect(idsOf(left.get('cordon'))).toEqual([1]);
    expect(readdirSync(folder)).toEqual(['cordon-1.json']);
  });

  it('syncs the file and the folder to the disk before an urgent report is sent', () => {
    const synced: string[] = [];
    const opened = new Map<number, string>();
    host.openSync = ((path: string, flags: string) => {
      const descriptor = real.openSync(path, flags);
      opened.set(descriptor, path);
      return descriptor;
    }) as typeof host.openSync;
    host.fsyncSync = (descriptor) => synced.push(opened.get(descriptor) ?? '');
    const spool = open();
    spool.keep('cordon', aReport({ id: 1 }), false);
    const before = [...synced];
    spool.keep('cordon', aReport({ id: 2 }), true);

    expect(before).toEqual([]);
    expect(synced).toEqual([expect.stringMatching(/cordon-2\.json\.\d+\.tmp$/), folder]);
  });

  it.each([
    ['cut off', (text: string) => text.slice(0, 40)],
    ['empty', () => ''],
    ['another byte', (text: string) => text.replace('"number":5', '"number":0')],
    ['no JSON', () => 'garbage\n{}\n'],
    ['huge', () => 'x'.repeat(300_000)],
  ])('loses a file that is %s, and no other', (_what, spoil) => {
    const spool = open();
    for (const id of [1, 2, 3]) spool.keep('cordon', aReport({ id, children: 5 }), true);
    const path = join(folder, 'cordon-2.json');
    writeFileSync(path, spoil(readFileSync(path, 'utf8')));

    expect(idsOf(open().load().get('cordon'))).toEqual([1, 3]);
    expect(readdirSync(folder)).toEqual(['cordon-1.json', 'cordon-3.json']);
  });

  const other = { header: { report_id: 2, version: '1.0' } };
  it.each([
    ['nothing', null],
    ['a number', 2],
    ['a list', [other]],
    ['no header', {}],
    ['an id that is text', { header: { report_id: '2' } }],
    ['health without its reasons', { ...other, health: { agent: '9.0.0' } }],
    ['evidence that is no list', { ...other, evidence: {} }],
    ['evidence of nothing', { ...other, evidence: [null] }],
    ['exceptions that are no lists', { ...other, exceptions: { a: 1 } }],
    ['a metric without a list', { ...other, custom_metrics: { a: { number: 1 } } }],
    ['a metric with an empty list', { ...other, custom_metrics: { a: [] } }],
    ['traffic that is nothing', { ...other, metrics: { network_stats: null } }],
    ['metrics that are text', { ...other, metrics: 'none' }],
  ])('loses a whole file of another version that holds %s, and no other', (_what, value) => {
    const spool = open();
    for (const id of [1, 3]) spool.keep('cordon', aReport({ id }), true);
    const text = JSON.stringify(value);
    const sum = createHash('sha256').update(text).digest('hex').slice(0, 16);
    writeFileSync(join(folder, 'cordon-2.json'), `${sum}\n${text}\n`);

    expect(idsOf(open().load().get('cordon'))).toEqual([1, 3]);
    expect(readdirSync(folder)).toEqual(['cordon-1.json', 'cordon-3.json']);
  });

  it('does not wait for a pipe that has the name of a report, and removes it', () => {
    open().keep('cordon', aReport({ id: 5 }), false);
    execFileSync('mkfifo', [join(folder, 'cordon-4.json')]);

    expect(idsOf(open().load().get('cordon'))).toEqual([5]);
    expect(readdirSync(folder)).toEqual(['cordon-5.json']);
  });

  it('discards a file with the name of another report, and leaves files that are not its own', () => {
    open().keep('cordon', aReport({ id: 1 }), true);
    writeFileSync(join(folder, 'cordon-2.json'), readFileSync(join(folder, 'cordon-1.json')));
    writeFileSync(join(folder, 'notes.txt'), 'x');
    mkdirSync(join(folder, 'folder'));

    expect(idsOf(open().load().get('cordon'))).toEqual([1]);
    expect(readdirSync(folder)).toEqual(['cordon-1.json', 'folder', 'notes.txt']);
  });

  it('reports a problem while it can’t be written, and never ends the agent', () => {
    writeFileSync(folder, '');
    const problems = createProblems(() => undefined);
    const spool = openSpool(directory, 'mything1', problems);
    spool.keep('cordon', aReport({ id: 1 }), true);

    expect(Object.keys(problems.all())).toEqual(['spool']);
    expect([...spool.load()]).toEqual([]);
    rmSync(folder);
    spool.keep('cordon', aReport({ id: 1 }), true);
    expect(problems.all()).toEqual({});
  });

  it('is no problem once it can be written again, even with nothing left to keep', () => {
    writeFileSync(folder, '');
    const problems = createProblems(() => undefined);
    const isKept = openSpool(directory, 'mything1', problems).keep('cordon', aReport({ id: 1 }), true);
    problems.retry();
    const still = Object.keys(problems.all());
    rmSync(folder);
    problems.retry();

    expect([isKept, still, problems.all(), readdirSync(folder)]).toEqual([false, ['spool'], {}, []]);
  });

  it('removes the reports that were delivered meanwhile once the folder is writable again, so that the next run sends nothing twice', () => {
    const problems = createProblems(() => undefined);
    const spool = openSpool(directory, 'mything1', problems);
    for (const id of [1, 2, 3, 4]) spool.keep('cordon', aReport({ id }), false);
    let broken = ['cordon-1.json', 'cordon-2.json', 'cordon-3.json', 'cordon-0.json'];
    host.unlinkSync = (path) => {
      if (broken.some((name) => String(path).endsWith(name)))
        throw Object.assign(new Error('read-only file system'), { code: 'EROFS' });
      real.unlinkSync(path);
    };
    for (const id of [1, 2, 3, 4]) spool.drop('cordon', aReport({ id }));
    const after = readdirSync(folder);
    problems.retry();
    // A report that can be kept does not end the problem.
    spool.keep('cordon', aReport({ id: 5 }), false);
    const still = Object.keys(problems.all());
    broken = [];
    problems.retry();

    expect(after).toEqual(['cordon-1.json', 'cordon-2.json', 'cordon-3.json']);
    expect(still).toEqual(['spool']);
    expect([readdirSync(folder), problems.all()]).toEqual([['cordon-5.json'], {}]);
  });
});
