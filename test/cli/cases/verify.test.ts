import { checkCase, verifyCase } from '../../../cli/cases/verify';
import { CliError } from '../../../cli/cli-error';
import type { TimelineRow } from '../../../shared/timeline';
import { hashRow } from '../../../shared/timeline';
import { now } from '../../builders';
import { aContainedCase, aReleasedCase, aTable, flush, type StoredCase } from '../stored-cases';

const verify = (stored: StoredCase, name = 'mything1') => verifyCase(name, aTable([stored]));
const change = (stored: StoredCase, index: number, over: Partial<TimelineRow>): StoredCase => ({
  ...stored,
  rows: stored.rows.map((row, at) => (at === index ? { ...row, ...over } : row)),
});
const forged = [{ at: now, what: 'nothing happened' }];
const key = (at: number, seq: number) => `00${at}#00000${seq}`;

describe('verify', () => {
  it('finds the chain of an untouched case whole, by thing and by case', async () => {
    const text = 'case case-1 of mything1 (closed): 12 entries in 2 rows, chain whole';

    expect(await verify(aReleasedCase())).toBe(text);
    expect(await verify(aReleasedCase(), 'case-1')).toBe(text);
  });

  it('finds an archived case by its id, while the thing has another one', async () => {
    const newer = aContainedCase({}, { newCaseId: 'case-2' });

    expect(await verifyCase('case-1', aTable([newer], [aReleasedCase()]))).toBe(
      'case case-1 of mything1 (closed): 12 entries in 2 rows, chain whole',
    );
  });

  it('reads rows by their number, whatever the clocks of their writers said', async () => {
    const stored = aReleasedCase();

    expect(await verify({ ...stored, rows: stored.rows.toReversed() })).toMatch('2 rows, chain whole');
  });

  it.each([
    [
      'a row was changed',
      (stored: StoredCase) => change(stored, 0, { entries: forged }),
      [`${key(now, 0)}: the row was changed`],
    ],
    [
      'a row was changed, and its hash with it',
      (stored: StoredCase) => {
        const row = { ...(stored.rows[0] as TimelineRow), entries: forged };
        return change(stored, 0, { entries: forged, hash: hashRow(row) });
      },
      [`${key(now + 60_000, 1)}: the row before it is missing or another one`],
    ],
    [
      'a row can no longer be read',
      (stored: StoredCase) => change(stored, 1, { entries: [null] as never }),
      [`${key(now + 60_000, 1)}: the row was changed`],
    ],
    [
      'the first row is gone',
      ({ record, rows }: StoredCase) => ({ record, rows: rows.slice(1) }),
      [
        `${key(now + 60_000, 1)}: the row before it is missing or another one`,
        'the number of rows is 1, but the case wrote 2',
      ],
    ],
    [
      'the newest row is gone',
      ({ record, rows }: StoredCase) => ({ record, rows: rows.slice(0, 1) }),
      [
        'the end: the newest rows are missing or were added by somebody else',
        'the number of rows is 1, but the case wrote 2',
      ],
    ],
    [
      'all rows are gone',
      ({ record }: StoredCase) => ({ record, rows: [] }),
      [
        'the end: the newest rows are missing or were added by somebody else',
        'the number of rows is 0, but the case wrote 2',
      ],
    ],
    [
      'a row was added that fits the chain',
      ({ record, rows }: StoredCase) => ({ ...flush({ record, rows }), record }),
      [
        'the end: the newest rows are missing or were added by somebody else',
        'the number of rows is 3, but the case wrote 2',
      ],
    ],
  ] as const)('names every fault if %s', async (_, tamper, faults) => {
    const stored = tamper(aReleasedCase());

    const count = stored.rows.length === 1 ? '1 row' : `${stored.rows.length} rows`;
    await expect(verify(stored)).rejects.toThrow(
      new CliError([
        `case case-1 of mything1 (closed): ${count}, chain BROKEN`,
        ...faults.map((fault) => `  ${fault}`),
      ]),
    );
  });

  it('says what a case has yet to write, and does not report its half-written row as a fault', async () => {
    const { record } = aReleasedCase();
    const owing = {
      ...record,
      outbox: { ...record.outbox, timeline: [{ at: now + 60_000, event: { code: 'drift' } } as const] },
    };
    const { rows } = aReleasedCase();
    const written = flush({ record: owing, rows }).rows;
    const text = `case case-1 of mything1 (closed): 12 entries in 2 rows, chain whole
  not yet written: 1 entry; respond is running, or the sweep will continue`;

    expect(await verify({ record: owing, rows })).toBe(text);
    expect(await verify({ record: owing, rows: written })).toBe(text);
  });

  it('prints its findings as JSON', async () => {
    const known = { caseId: 'case-1', thingName: 'mything1', status: 'closed', pending: 0 };

    expect(await checkCase('mything1', aTable([aReleasedCase()]))).toEqual({
      ...known,
      ...{ rows: 2, entries: 12, whole: true, faults: [] },
    });
    expect(await checkCase('case-1', aTable([change(aReleasedCase(), 0, { entries: forged })]))).toEqual({
      ...known,
      ...{ rows: 2, entries: 5, whole: false, faults: [`${key(now, 0)}: the row was changed`] },
    });
  });

  it('looks again if the case was written to between the two reads', async () => {
    const [before, after] = [aContainedCase(), aReleasedCase()];
    let reads = 0;
    const { history } = aTable([after]);
    const load = async () => ({ value: reads++ === 0 ? before.record : after.record, version: 1 });

    expect(await verifyCase('mything1', { cases: { ...aTable([]).cases, load }, history } as never)).toMatch(
      '2 rows, chain whole',
    );
  });

  it('says what it does not find', async () => {
    const orphan = { ...aTable([]), history: aTable([aReleasedCase()]).history };

    await expect(verifyCase('nobody', aTable([]))).rejects.toThrow('no thing named nobody has a case');
    await expect(verifyCase('case-1', orphan)).rejects.toThrow(
      'no longer exists, but has a timeline of 2 rows',
    );
    await expect(verifyCase('a/../b\u001b[2J', aTable([]))).rejects.toThrow(
      '"a/../b\\u001b[2J" is neither a thing name nor a case id',
    );
  });
});
