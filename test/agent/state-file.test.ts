import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProblems, type Problems } from '../../agent/problems';
import { openStateFile } from '../../agent/state-file';

describe('a state file', () => {
  let directory: string;
  let warnings: unknown[];
  let problems: Problems;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    warnings = [];
    problems = createProblems((_level, _event, fields) => warnings.push(fields?.problem));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('keeps its text for the next run, for its owner alone, and nothing else', () => {
    const file = openStateFile(directory, 'mything1', 'note', problems);
    expect(file.read()).toBeUndefined();
    file.write('one');
    file.write('two');

    expect(openStateFile(directory, 'mything1', 'note', problems).read()).toBe('two');
    expect(readdirSync(directory)).toEqual(['mything1.note']);
    expect(statSync(join(directory, 'mything1.note')).mode & 0o777).toBe(0o600);
  });

  it('is a problem while it cannot be written, told once until it works again', () => {
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
});
