import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStateFile, StateDirectoryError } from '../../agent/state-file';

describe('a state file', () => {
  let directory: string;
  let warnings: string[];
  const warn = (problem: string): void => {
    warnings.push(problem);
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
    warnings = [];
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('keeps its text for the next run, for its owner alone, and nothing else', () => {
    const file = openStateFile(directory, 'mything1', 'note', warn);
    expect(file.read()).toBeUndefined();
    file.write('one');
    file.write('two');

    expect(openStateFile(directory, 'mything1', 'note', warn).read()).toBe('two');
    expect(readdirSync(directory)).toEqual(['mything1.note']);
    expect(statSync(join(directory, 'mything1.note')).mode & 0o777).toBe(0o600);
  });

  it.each(['ENOSPC', 'EDQUOT', 'EROFS'])(
    'goes on through %s, with one warning until it works again',
    (code) => {
      let isFull = true;
      const replace = (): void => {
        if (isFull) throw Object.assign(new Error(`${code}: no room`), { code });
      };
      const file = openStateFile(directory, 'mything1', 'note', warn, replace);
      file.write('a');
      file.write('b');
      expect(warnings).toEqual([expect.stringContaining(`${code}: no room`)]);
      isFull = false;
      file.write('c');
      isFull = true;
      file.write('d');

      expect(warnings).toHaveLength(2);
    },
  );

  it('throws where the folder itself is wrong', () => {
    const file = openStateFile(directory, 'mything1', 'note', warn);
    rmSync(directory, { recursive: true });

    expect(() => file.write('x')).toThrow(StateDirectoryError);
  });
});
