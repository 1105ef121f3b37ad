import fc from 'fast-check';
import { type CaseStatus, openStatuses } from '../../../shared/domain/case/status';
import type { ListedCase } from '../../../shared/domain/lists/outline';
import { type ThingKey, thingKey } from '../../../shared/domain/thing-ref';
import { rememberCases } from '../../../shared/storage/remembered-cases';

const second = 1_000;
const opened = 1_000_000;
/** The number of cases that are remembered. */
const many = 2_500;

/** A table of cases whose reads are counted. Its index may be late. */
function openTable(waiting: number) {
  let now = opened;
  const rows = new Map<string, ListedCase>();
  const read: { statuses: readonly CaseStatus[]; since: number; found: number }[] = [];
  const put = (name: string, status: CaseStatus, over: Partial<ListedCase> = {}) => {
    const thingName = thingKey(name) as ThingKey;
    const caseId = over.caseId ?? 'case-1';
    rows.set(status === 'closed' ? `${name} ${caseId}` : name, {
      ...{
        thingName,
        caseId,
        status,
        severity: 'high',
        openedAt: now,
        updatedAt: now,
        behaviors: [],
        ...over,
      },
    });
    if (status === 'closed' && rows.get(name)?.caseId === caseId) rows.delete(name);
  };
  for (let index = 0; index < waiting; index += 1) put(`thing-${index}`, 'awaiting-approval');
  now = opened + 60 * second;
  /** Happens after the next read. */
  let next: (() => void) | undefined;
  const table = {
    isComplete: true,
    meanwhile: (act: () => void) => {
      next = act;
    },
    put,
    read,
    pass: (ms: number) => {
      now += ms;
    },
    drop: (name: string) => rows.delete(name),
    /** Behind where it is now, where it was before. */
    showTwice: (name: string, before: CaseStatus) => {
      const present = rows.get(name);
      if (present)
        rows.set(`${name} before`, { ...present, status: before, updatedAt: present.updatedAt - 1 });
    },
    all: (statuses: readonly CaseStatus[], since = 0) =>
      [...rows.values()].filter((one) => statuses.includes(one.status) && one.updatedAt >= since),
  };
  const readAll = rememberCases(
    async (statuses, since = 0) => {
      const cases = table.all(statuses, since);
      read.push({ statuses, since, found: cases.length });
      next?.();
      next = undefined;
      return { cases, isComplete: table.isComplete };
    },
    () => now,
  );
  return { ...table, table, readAll };
}

const show = (cases: readonly ListedCase[]) =>
  cases.map(({ thingName, status, updatedAt }) => `${thingName} ${status} ${updatedAt}`).toSorted();

describe('cases that are asked for again and again', () => {
  it('reads only the changes of many cases', async () => {
    const { readAll, read, put, pass, all } = openTable(many);
    await readAll(['awaiting-approval']);
    pass(20 * second);
    put('thing-1', 'containing');
    put('thing-2', 'closed');
    put('new', 'awaiting-approval');
    pass(4 * second);
    const { cases, isComplete } = await readAll(['awaiting-approval']);

    expect(show(cases)).toEqual(show(all(['awaiting-approval'])));
    expect([cases.length, isComplete]).toEqual([many - 1, true]);
    expect(read.map(({ found }) => found)).toEqual([many, 3]);
    await readAll(openStatuses);
    expect(read.slice(2).map(({ statuses, found }) => [statuses.length, found])).toEqual([
      [8, 3],
      [6, 1],
    ]);
  });

  it('reads all cases if there are few', async () => {
    const { readAll, read } = openTable(2_499);
    await readAll(['awaiting-approval']);
    await readAll(['awaiting-approval']);
    expect(read.map(({ found }) => found)).toEqual([2_499, 2_499]);
  });

  it('reads all cases again after a minute, in case it missed a change', async () => {
    const { readAll, drop, pass } = openTable(many);
    await readAll(['awaiting-approval']);
    drop('thing-1');
    pass(59 * second);
    expect((await readAll(['awaiting-approval'])).cases).toHaveLength(many);
    pass(second);
    expect((await readAll(['awaiting-approval'])).cases).toHaveLength(many - 1);
  });

  it('remembers nothing if there are more than are read, or more changes', async () => {
    const { readAll, read, table } = openTable(many);
    table.isComplete = false;
    expect((await readAll(['awaiting-approval'])).isComplete).toBe(false);
    await readAll(['awaiting-approval']);
    expect(read.map(({ since }) => since)).toEqual([0, 0]);
    table.isComplete = true;
    await readAll(['awaiting-approval']);
    table.isComplete = false;
    await readAll(['awaiting-approval']);
    expect(read.slice(2).map(({ since }) => since > 0)).toEqual([false, true, false]);
  });

  it('keeps the present case of a thing when the end of an earlier one arrives late', async () => {
    const { readAll, put, pass } = openTable(many);
    put('thing-1', 'awaiting-approval', { caseId: 'case-2' });
    await readAll(['awaiting-approval']);
    pass(second);
    put('thing-1', 'closed', { caseId: 'case-1', openedAt: 1, updatedAt: opened + 60 * second + 500 });
    expect((await readAll(['awaiting-approval'])).cases).toHaveLength(many);
  });

  it('shows a change that the index shows late, and ignores a change older than the case it knows', async () => {
    const { readAll, put, all } = openTable(many);
    await readAll(['awaiting-approval']);
    // Made before the read, seen by the next one only.
    put('late', 'awaiting-approval', { updatedAt: opened + 50 * second });
    put('thing-1', 'awaiting-approval', { updatedAt: opened + 59 * second, severity: 'low' });
    await readAll(['awaiting-approval']);
    put('thing-1', 'awaiting-approval', { updatedAt: opened + 58 * second });
    const { cases } = await readAll(['awaiting-approval']);
    expect(cases.map(({ thingName }) => thingName)).toContain('late');
    expect(cases.find(({ thingName }) => thingName === 'thing-1')?.severity).toBe('low');
    expect(cases).toHaveLength(all(['awaiting-approval']).length);
  });

  it('takes the newer of two places of a case, if the index shows both for a moment', async () => {
    const { readAll, put, pass, showTwice } = openTable(many);
    await readAll(['awaiting-approval']);
    pass(second);
    put('moved', 'containing');
    showTwice('moved', 'awaiting-approval');
    const { cases } = await readAll(['awaiting-approval']);
    expect(cases.filter(({ thingName }) => thingName === 'moved')).toEqual([]);
  });

  it('has a case once that changes between the reads of two statuses', async () => {
    const { put, pass, all, readAll, meanwhile } = openTable(many);
    await readAll(['awaiting-approval']);
    pass(second);
    meanwhile(() => put('thing-7', 'contained'));

    const { cases } = await readAll(['awaiting-approval', 'contained']);

    expect(cases.filter(({ thingName }) => thingName === 'thing-7')).toEqual(all(['contained']));
    expect(cases).toHaveLength(many);
  });

  it('passes a query with a time on unchanged', async () => {
    const { readAll, read } = openTable(many);
    await readAll(['awaiting-approval']);
    expect((await readAll(['awaiting-approval'], 2_000_000)).cases).toEqual([]);
    expect(read.at(-1)).toMatchObject({ statuses: ['awaiting-approval'], since: 2_000_000 });
  });

  it('gives the same result as a complete read, whatever changes in between', async () => {
    const change = fc.record({
      thing: fc.integer({ min: 0, max: many + 20 }),
      status: fc.constantFrom<CaseStatus>(...openStatuses, 'closed'),
      ms: fc.integer({ min: 0, max: 30 * second }),
      reads: fc.subarray([...openStatuses], { minLength: 0 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 30 }), async (changes) => {
        const { readAll, put, pass, all } = openTable(many);
        await readAll(openStatuses);
        for (const [index, { thing, status, ms, reads }] of changes.entries()) {
          pass(ms);
          // The thing's next case, if it had none.
          const present = all(openStatuses).find(({ thingName }) => thingName === `thing-${thing}`);
          if (present || status !== 'closed')
            put(`thing-${thing}`, status, { caseId: present?.caseId ?? `case-${index}` });
          if (reads.length > 0) expect(show((await readAll(reads)).cases)).toEqual(show(all(reads)));
        }
      }),
      { numRuns: 20 },
    );
  });
});
