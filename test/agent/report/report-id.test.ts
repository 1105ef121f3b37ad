import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createProblems } from '../../../agent/problems';
import { nextReportId, openReportIds } from '../../../agent/report/report-id';
import { noProblems } from '../builders';

describe('nextReportId', () => {
  it.each([
    ['the time', 1000, 5000.7, 5000],
    ['one more, if the clock stands still', 5000, 5000, 5001],
    ['one more, if the clock was set back', 5000, 10, 5001],
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

  it('keeps rising after a restart with a clock that was set back', () => {
    const first = openReportIds(directory, 'mything1', noProblems());
    const ids = [first.next(5000), first.next(5000)];
    const second = openReportIds(directory, 'mything1', noProblems());

    expect([...ids, second.next(10), second.next(9000)]).toEqual([5000, 5001, 5002, 9000]);
  });

  it('creates the folder, and keeps the ids of each thing apart', () => {
    const nested = join(directory, 'a', 'b');
    openReportIds(nested, 'one', noProblems()).next(5000);
    openReportIds(nested, 'two', noProblems()).next(10);

    expect(readFileSync(join(nested, 'one.report-id'), 'utf8')).toBe('5000\n');
    expect(readFileSync(join(nested, 'two.report-id'), 'utf8')).toBe('10\n');
  });

  it.each([['garbage'], [''], ['-5'], ['1e99'], ['99999999999999999999'], ['999999999999999'], ['{"id":1}']])(
    'warns of a file that holds %j and goes on from the clock',
    (text) => {
      writeFileSync(join(directory, 'mything1.report-id'), text);
      const logged: unknown[] = [];
      const problems = createProblems((_level, _event, fields) => logged.push(fields?.problem));

      expect(openReportIds(directory, 'mything1', problems).next(5000)).toBe(5000);
      expect(logged).toEqual(['the state holds no report id; continuing from the clock']);
    },
  );

  it('continues with rising ids if the folder can’t be made or is gone, and names the folder', () => {
    writeFileSync(join(directory, 'file'), '');
    const problems = noProblems();
    const ids = openReportIds(join(directory, 'file', 'state'), 'mything1', problems);
    const lost = openReportIds(join(directory, 'state'), 'mything2', problems);
    rmSync(join(directory, 'state'), { recursive: true });
    writeFileSync(join(directory, 'state'), '');

    expect([ids.next(5000), ids.next(5000), lost.next(10), lost.next(9)]).toEqual([5000, 5001, 10, 11]);
    expect(Object.keys(problems.all())).toEqual(['state report-id']);
  });

  it('stores ids again once the folder can be created', () => {
    const problems = noProblems();
    const state = join(directory, 'state');
    writeFileSync(state, '');
    const ids = openReportIds(state, 'mything1', problems);
    ids.next(5000);
    const before = Object.keys(problems.all());
    rmSync(state);
    ids.next(6000);

    expect([before, problems.all()]).toEqual([['state report-id'], {}]);
    expect(openReportIds(state, 'mything1', problems).next(10)).toBe(6001);
  });
});
