import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { nextReportId, openReportIds } from '../../agent/report-id';
import { StateDirectoryError } from '../../agent/state-file';

describe('nextReportId', () => {
  it.each([
    ['the time', 1000, 5000.7, 5000],
    ['one more, where the clock stands still', 5000, 5000, 5001],
    ['one more, where the clock was set back', 5000, 10, 5001],
    ['the time, at the very start', 0, 5000, 5000],
  ])('is %s', (_what, last, now, id) => {
    expect(nextReportId(last, now)).toBe(id);
  });
});

describe('openReportIds', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'cordon-agent-'));
  });
  afterEach(() => rmSync(directory, { recursive: true, force: true }));

  it('goes on rising after a restart with a clock that was set back', () => {
    const first = openReportIds(directory, 'mything1', () => undefined);
    const ids = [first.next(5000), first.next(5000)];
    const second = openReportIds(directory, 'mything1', () => undefined);

    expect([...ids, second.next(10), second.next(9000)]).toEqual([5000, 5001, 5002, 9000]);
  });

  it('makes the folder, and keeps each thing apart', () => {
    const nested = join(directory, 'a', 'b');
    openReportIds(nested, 'one', () => undefined).next(5000);
    openReportIds(nested, 'two', () => undefined).next(10);

    expect(readFileSync(join(nested, 'one.report-id'), 'utf8')).toBe('5000\n');
    expect(readFileSync(join(nested, 'two.report-id'), 'utf8')).toBe('10\n');
  });

  it.each([['garbage'], [''], ['-5'], ['1e99'], ['99999999999999999999'], ['{"id":1}']])(
    'warns of a file that holds %j and goes on from the clock',
    (text) => {
      writeFileSync(join(directory, 'mything1.report-id'), text);
      const warn = jest.fn<(problem: string) => void>();

      expect(openReportIds(directory, 'mything1', warn).next(5000)).toBe(5000);
      expect(warn).toHaveBeenCalledTimes(1);
    },
  );

  it('refuses a folder that cannot be made, before anything is reported', () => {
    writeFileSync(join(directory, 'file'), '');

    expect(() => openReportIds(join(directory, 'file', 'state'), 'mything1', () => undefined)).toThrow(
      StateDirectoryError,
    );
  });

  it('fails the next id when the folder went away', () => {
    const ids = openReportIds(join(directory, 'state'), 'mything1', () => undefined);
    rmSync(join(directory, 'state'), { recursive: true });

    expect(() => ids.next(5000)).toThrow(StateDirectoryError);
  });
});
