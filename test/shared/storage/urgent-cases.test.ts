import fc from 'fast-check';
import { type CaseStatus, openStatuses } from '../../../shared/domain/case/status';
import { type CaseFilter, matchesFilter } from '../../../shared/domain/lists/filter';
import type { ListedCase } from '../../../shared/domain/lists/outline';
import { compareUrgency } from '../../../shared/domain/lists/urgency';
import { thingKey } from '../../../shared/domain/thing-ref';
import { pageByUrgency, type UrgencyPage, type UrgencyQuery } from '../../../shared/storage/urgent-cases';
import { now } from '../../builders';

const minute = 60_000;
const severities = ['low', 'medium', 'high', 'critical'] as const;

/** Open cases of a table, each read counted. */
function open(cases: readonly ListedCase[], isComplete = true) {
  const read: CaseStatus[] = [];
  const stored = [...cases];
  const readAll = async (statuses: readonly CaseStatus[], since = 0) => {
    read.push(...statuses);
    return {
      cases: stored.filter((one) => statuses.includes(one.status) && one.updatedAt >= since),
      isComplete,
    };
  };
  return { read, stored, page: (query: UrgencyQuery) => pageByUrgency(query, readAll) };
}

type Table = ReturnType<typeof open>;

/** All pages; `between` runs after each. */
async function readPages(
  table: Table,
  query: Omit<UrgencyQuery, 'now'>,
  between: (pages: number) => void = () => {},
): Promise<UrgencyPage[]> {
  const pages: UrgencyPage[] = [];
  let cursor: string | undefined;
  do {
    // Time goes on: what was not soon on the first page is by a later one.
    const page = await table.page({ ...query, cursor, now: now + pages.length * 7 * minute });
    pages.push(page);
    between(pages.length);
    cursor = page.next;
  } while (cursor !== undefined);
  return pages;
}

function namesOf(pages: readonly UrgencyPage[]): string[] {
  return pages.flatMap(({ cases }) => cases.map(({ thingName }) => thingName));
}

function sort(cases: readonly ListedCase[]): string[] {
  return cases
    .toSorted((one, other) => compareUrgency(one, other, now))
    .map(({ thingName }) => thingName as string);
}

interface Made {
  readonly status: ListedCase['status'];
  readonly severity: ListedCase['severity'];
  /** The time in minutes. */
  readonly expiresIn: number | undefined;
  readonly opened: number;
  readonly playbook: string;
}

type AnyQuery = Omit<UrgencyQuery, 'now' | 'cursor'>;

const anyCase: fc.Arbitrary<Made> = fc.record({
  status: fc.constantFrom(...openStatuses),
  severity: fc.constantFrom(...severities),
  expiresIn: fc.option(fc.integer({ min: -5, max: 60 }), { nil: undefined }),
  opened: fc.integer({ min: 0, max: 3 }),
  playbook: fc.constantFrom('a', 'b'),
});

/** Names in an order of their own, so that they decide between equals. */
function listCase(one: Made, index: number): ListedCase {
  const { status, severity, expiresIn, opened, playbook } = one;
  const name = `thing-${(index * 7) % 101}-${index}`;
  return {
    ...{ thingName: thingKey(name), caseId: name, status, severity, playbook, behaviors: [] },
    ...{ openedAt: now - opened, updatedAt: now + (index % 5) },
    ...(expiresIn !== undefined && { expiresAt: now + expiresIn * minute }),
  };
}

const anyCases = fc.array(anyCase, { maxLength: 60 }).map((all) => all.map(listCase));
const anyQuery = fc.record(
  {
    statuses: fc.uniqueArray(fc.constantFrom(...openStatuses), { minLength: 1 }),
    limit: fc.integer({ min: 1, max: 25 }),
    filter: fc.record(
      {
        severity: fc.subarray([...severities], { minLength: 1 }),
        playbook: fc.constant('a'),
      },
      { requiredKeys: [] },
    ) as fc.Arbitrary<CaseFilter>,
    since: fc.integer({ min: now, max: now + 5 }),
  },
  { requiredKeys: ['statuses', 'limit'] },
);

function choose(cases: readonly ListedCase[], { statuses, filter = {}, since = 0 }: AnyQuery) {
  return cases.filter(
    (one) => statuses.includes(one.status) && one.updatedAt >= since && matchesFilter(one, filter),
  );
}

describe('a list by urgency', () => {
  it('has all cases in order over all pages, for any cases, filter and page size', async () => {
    await fc.assert(
      fc.asyncProperty(anyCases, anyQuery, async (cases, query) => {
        const pages = await readPages(open(cases), query);

        expect(namesOf(pages)).toEqual(sort(choose(cases, query)));
        expect(pages.slice(0, -1).every((page) => page.cases.length === query.limit)).toBe(true);
        expect(pages.every(({ isComplete }) => isComplete)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('has each case exactly once that keeps its place, even if others open, end, move or get a comment meanwhile', async () => {
    const anyChange = fc.record({
      of: fc.nat(),
      what: fc.constantFrom('ends', 'opens', 'moves', 'comment'),
      to: anyCase,
    });
    await fc.assert(
      fc.asyncProperty(anyCases, anyQuery, fc.array(anyChange), async (cases, query, changes) => {
        const table = open(cases);
        const moved = new Set<string>();
        const waiting = [...changes];
        const pages = await readPages(table, query, (count) => {
          for (const { of, what, to } of waiting.splice(0, 3)) {
            const at = of % (table.stored.length || 1);
            const one = table.stored[at];
            if (what === 'opens' || !one) {
              table.stored.push({ ...listCase(to, 200 + count * 10 + waiting.length), updatedAt: now + 99 });
              continue;
            }
            if (what === 'comment') {
              table.stored[at] = { ...one, updatedAt: now + 99, lastActor: 'ada' };
              continue;
            }
            moved.add(one.thingName);
            if (what === 'ends') table.stored.splice(at, 1);
            else {
              const { thingName, caseId } = one;
              table.stored[at] = { ...listCase(to, 0), thingName, caseId };
            }
          }
        });

        const wanted = choose(cases, query).filter(({ thingName }) => !moved.has(thingName));
        const names = new Set<string>(wanted.map(({ thingName }) => thingName));
        expect(namesOf(pages).filter((name) => names.has(name))).toEqual(sort(wanted));
      }),
      { numRuns: 300 },
    );
  });

  it('has the most urgent of 290 waiting cases first, however long ago it changed', async () => {
    const waits = Array.from({ length: 290 }, (_, index) =>
      listCase(
        { status: 'awaiting-approval', severity: 'high', expiresIn: 50, opened: 0, playbook: 'a' },
        index,
      ),
    );
    const urgent = {
      ...waits[0],
      thingName: thingKey('urgent'),
      updatedAt: now - 9,
      expiresAt: now + minute,
    };
    const table = open([...waits, urgent as ListedCase]);

    const [first] = (await table.page({ statuses: openStatuses, limit: 50, now })).cases;

    expect(first?.thingName).toBe('urgent');
  });

  it('reads no status before its place, and none after a full page', async () => {
    const cases = openStatuses.map((status, index) =>
      listCase({ status, severity: 'low', expiresIn: undefined, opened: 0, playbook: 'a' }, index),
    );
    const table = open(cases);
    const first = await table.page({ statuses: openStatuses, limit: 2, now });
    expect(table.read).toEqual(openStatuses.slice(0, 3));
    expect(first).toMatchObject({ examined: 3, isComplete: true });

    table.read.length = 0;
    await table.page({ statuses: openStatuses, limit: 1, cursor: first.next, now });
    expect(table.read).toEqual(openStatuses.slice(2, 4));
  });

  it('begins no further status after 2,000 cases that a filter leaves out, and continues there on the next page', async () => {
    const made = Array.from({ length: 2_001 }, (_, index) =>
      listCase(
        {
          ...{ status: index < 2_000 ? 'containment-failed' : 'contained', severity: 'low', opened: 0 },
          ...{ playbook: index < 2_000 ? 'a' : 'b', expiresIn: undefined },
        },
        index,
      ),
    );
    const table = open(made);
    const query = { statuses: openStatuses, limit: 10, filter: { playbook: 'b' } };

    const pages = await readPages(table, query);

    expect(pages.map(({ cases, examined }) => [cases.length, examined])).toEqual([
      [0, 2_000],
      [1, 1],
    ]);
  });

  it('says if a status has more cases than it reads', async () => {
    const { page } = open([], false);
    expect(await page({ statuses: ['contained'], limit: 1, now })).toEqual({
      ...{ cases: [], examined: 0, isComplete: false },
    });
  });

  it('has the same cursor for a minute, so that a poll finds nothing changed', async () => {
    const cases = [1, 2].map((index) =>
      listCase(
        { status: 'contained', severity: 'low', expiresIn: undefined, opened: 0, playbook: 'a' },
        index,
      ),
    );
    const begin = Math.floor(now / minute) * minute;
    const next = async (at: number) =>
      (await open(cases).page({ statuses: ['contained'], limit: 1, now: at })).next;

    expect(await next(begin + minute - 1)).toBe(await next(begin));
    expect(await next(begin + minute)).not.toBe(await next(begin));
  });
});

describe('the cursor of a list by urgency', () => {
  const query = { statuses: ['contained'], limit: 1, now } as const;
  const cases = ['a', 'b', 'c'].map((playbook, index) =>
    listCase({ status: 'contained', severity: 'low', expiresIn: 5, opened: 0, playbook }, index),
  );
  const { page } = open(cases);
  const forge = (text: string, change: (parts: unknown[]) => unknown) =>
    Buffer.from(JSON.stringify(change(JSON.parse(Buffer.from(text, 'base64url').toString())))).toString(
      'base64url',
    );

  it('is refused with another filter, status, time or order', async () => {
    const { next: cursor } = await page(query);
    await expect(page({ ...query, cursor })).resolves.toMatchObject({ cases: [expect.anything()] });
    for (const other of [{ filter: { group: 'sensors' } }, { statuses: openStatuses }, { since: 5 }])
      await expect(page({ ...query, ...other, cursor })).rejects.toThrow(
        'is of a list with another filter or order',
      );
  });

  it('is refused if somebody made it up', async () => {
    const { next = '' } = await page(query);
    const place = ['low', null, now, 'a'];
    const of = (index: unknown, rest: unknown) =>
      forge(next, ([version, hash]) => [version, hash, index, rest]);
    for (const cursor of [
      ...['x', '', next.slice(0, -4), forge(next, () => null), forge(next, () => ({}))],
      forge(next, ([, ...parts]) => [1, ...parts]),
      forge(next, ([, ...parts]) => [3, ...parts]),
      forge(next, (parts) => [...parts, 1]),
      ...[7, 1, -1, 0.5, '0', null].map((index) => of(index, [now, place])),
      ...[null, [], [now], [-1, place], ['1', place], [1.5, place], [now, place, 1]].map((rest) =>
        of(0, rest),
      ),
      ...[0, {}, [], ['urgent', null, now, 'a'], ['low', -1, now, 'a'], ['low', '5', now, 'a']].map((one) =>
        of(0, [now, one]),
      ),
      ...[
        ['low', null, null, 'a'],
        ['low', null, now, '../a'],
        ['low', null, now, 5],
        [...place, 1],
      ].map((one) => of(0, [now, one])),
      of(0, [now, ['__proto__', null, now, 'a']]),
    ])
      await expect(page({ ...query, cursor })).rejects.toThrow('is none of this list');
  });

  it('of an invented place only continues the same list', async () => {
    const { next = '' } = await page(query);
    const cursor = forge(next, ([version, hash, index]) => [
      version,
      hash,
      index,
      [0, ['critical', 0, 0, 'z']],
    ]);

    const { cases: found } = await page({ ...query, limit: 9, cursor });

    expect(found.map(({ thingName }) => thingName)).toEqual(sort(cases));
  });
});
