import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { host } from '../../agent/host';
import { createProblems, type Problems } from '../../agent/problems';
import { openStateFile } from '../../agent/state-file';

describe('a state file', () => {
  let directory: string;
  let warnings: unknown[];
  let problems: Problems;
  const real = { ...host };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    warnings = [];
    problems = createProblems((_level, _event, fields) => warnings.push(fields?.problem));
  });
  afterEach(() => {
    Object.assign(host, real);
    rmSync(directory, { recursive: true, force: true });
  });

  it('keeps its text for the next run, for its owner alone, and nothing else', () => {
    const file = openStateFile(directory, 'mything1', 'note', problems);
    expect(file.read()).toBeUndefined();
    file.write('one');
    file.write('two');

    expect(openStateFile(directory, 'mything1', 'note', problems).read()).toBe('two');
    expect(readdirSync(directory)).toEqual(['mything1.note']);
    expect(statSync(join(directory, 'mything1.note')).mode & 0o777).toBe(0o600);
  });

  it('removes, at its first write, the unfinished files of killed runs with its own thing and name', () => {
    const others = ['mything1.other.12.tmp', 'mything10.note.12.tmp', 'mything1.note.12.tmp.mine'];
    for (const name of [...others, 'mything1.note.12.tmp', 'mything1.note.4194303.tmp'])
      writeFileSync(join(directory, name), 'ha');
    const file = openStateFile(directory, 'mything1', 'note', problems);
    file.read();
    const afterRead = readdirSync(directory).length;
    file.write('one');

    expect([afterRead, warnings]).toEqual([5, []]);
    expect(readdirSync(directory).sort()).toEqual([...others, 'mything1.note'].sort());
  });

  it('does not wait for a pipe in its place, and replaces it', () => {
    const path = join(directory, 'mything1.note');
    const pipe = (at: string): void => void execFileSync('mkfifo', [at]);
    pipe(path);
    pipe(`${path}.${process.pid}.tmp`);
    const file = openStateFile(directory, 'mything1', 'note', problems);
    const before = file.read();
    file.write('one');

    expect([before || undefined, file.read(), warnings]).toEqual([undefined, 'one', []]);
    expect(readdirSync(directory)).toEqual(['mything1.note']);
  });

  it('does not read on if its place has no end, and replaces it', () => {
    const path = join(directory, 'mything1.note');
    symlinkSync('/dev/zero', path);
    const file = openStateFile(directory, 'mything1', 'note', problems);
    const before = file.read();
    file.write('one');

    expect([before, file.read()]).toEqual([undefined, 'one']);
    expect(warnings).toEqual([expect.stringMatching(/^cannot read .*mything1\.note: EFBIG/)]);
    expect(statSync('/dev/zero').isCharacterDevice()).toBe(true);
  });

  it('keeps a text of several blocks', () => {
    const file = openStateFile(directory, 'mything1', 'note', problems);
    const text = 'ä'.repeat(100_001);
    file.write(text);

    expect([file.read() === text, warnings]).toEqual([true, []]);
  });

  it('does not try for ever to make its folder if that is impossible', () => {
    const script = `
      const { openStateFile } = await import(${JSON.stringify(join(import.meta.dirname, '../../agent/state-file.ts'))});
      const said = [];
      const problems = { note: (_, text) => said.push(text), end: () => undefined };
      openStateFile('/proc/cordon/state', 'mything1', 'note', problems).write('one');
      console.log(said.join());`;
    const hooks = join(import.meta.dirname, '../../scripts/native-typescript.mjs');
    const output = execFileSync(
      process.execPath,
      ['--import', hooks, '--input-type=module', '--eval', script],
      { encoding: 'utf8', timeout: 20_000 },
    );

    expect(output).toMatch(/^cannot write \/proc\/cordon\/state\/mything1\.note: ENOENT/);
  });

  it('makes all folders on the way, for its owner alone', () => {
    const folder = join(directory, 'a', 'b');
    openStateFile(folder, 'mything1', 'note', problems).write('one');

    expect([readdirSync(folder), statSync(folder).mode & 0o777]).toEqual([['mything1.note'], 0o700]);
  });

  it('is written though another agent makes each folder on the way at the same moment', () => {
    host.mkdirSync = ((path: string, options: object) => {
      real.mkdirSync(path, options);
      real.mkdirSync(join(path, 'b'), options);
    }) as typeof host.mkdirSync;
    openStateFile(join(directory, 'a', 'b'), 'mything1', 'note', problems).write('one');

    expect([warnings, readdirSync(join(directory, 'a', 'b'))]).toEqual([[], ['mything1.note']]);
  });

  it('is not written through a link that somebody left', () => {
    const path = join(directory, 'mything1.note');
    const other = join(directory, 'other');
    writeFileSync(other, 'untouched');
    for (const link of [path, `${path}.${process.pid}.tmp`]) symlinkSync(other, link);
    openStateFile(directory, 'mything1', 'note', problems).write('one');

    expect([readFileSync(other, 'utf8'), readFileSync(path, 'utf8')]).toEqual(['untouched', 'one']);
  });

  it('is a problem while it cannot be written, logged once until it works again', () => {
    const state = join(directory, 'state');
    const file = openStateFile(state, 'mything1', 'note', problems);
    writeFileSync(state, '');
    file.write('a');
    file.write('b');
    const told = [...warnings];
    rmSync(state);
    file.write('c');
    const then = problems.all();
    rmSync(state, { recursive: true });
    writeFileSync(state, '');
    file.write('d');

    expect(told).toEqual([expect.stringMatching(/^cannot write .*mything1\.note: E/)]);
    expect([then, warnings.length]).toEqual([{}, 2]);
    expect(Object.keys(problems.all())).toEqual(['state note']);
  });

  it('is written when its problem is tried again, with its newest text, and is no problem then', () => {
    const state = join(directory, 'state');
    const file = openStateFile(state, 'mything1', 'note', problems);
    writeFileSync(state, '');
    file.write('a');
    file.write('b');
    problems.retry();
    const still = Object.keys(problems.all());
    rmSync(state);
    problems.retry();

    expect([still, problems.all(), file.read()]).toEqual([['state note'], {}, 'b']);
  });

  it('is no problem once it can be read again, though nothing is written', () => {
    const path = join(directory, 'mything1.note');
    mkdirSync(path);
    openStateFile(directory, 'mything1', 'note', problems).read();
    const before = Object.keys(problems.all());
    rmSync(path, { recursive: true });
    problems.retry();

    expect([before, problems.all(), readdirSync(directory)]).toEqual([['state note'], {}, []]);
  });
});
