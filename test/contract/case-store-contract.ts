import type { Case, ClosedCase } from '../../shared/domain/case/case';
import { completeCase } from '../../shared/domain/case/complete-case';
import type { TimelineEntry } from '../../shared/domain/case/outbox';
import type { DetectState } from '../../shared/domain/detection/state';
import { describeEntry } from '../../shared/domain/messages/describe-event';
import { thingKey } from '../../shared/domain/thing-ref';
import type {
  CaseStore,
  ClientIds,
  FleetLimit,
  HeldThings,
  Leases,
  Reservation,
  Versioned,
} from '../../shared/ports/storage';
import type { connectDetection } from '../../shared/storage/detection';
import { hashRow, type TimelineRow } from '../../shared/timeline';
import { type CaseChanges, changeCase, closedCase, idle, now } from '../builders';
import { waitUntil } from '../e2e/harness';
import { aName, type Law, refusalOf } from './laws';

type Detection = Pick<
  ReturnType<typeof connectDetection>,
  'states' | 'datapoints' | 'readDatapoints' | 'fleet'
>;

/** The store, empty at first, and what of it only people read. */
export interface Storage {
  readonly cases: CaseStore;
  readonly fleetLimit: FleetLimit;
  readonly detection: Detection;
  readonly leases: Leases;
  readonly clientIds: ClientIds;
  readonly heldThings: HeldThings;
  /** Rows of the timeline, oldest first. */
  readTimeline(caseId: string): Promise<Pick<TimelineRow, 'entries' | 'previousHash' | 'hash'>[]>;
  /** Closed cases, newest first. */
  listClosed(thingName: string): Promise<Case[]>;
}

export function aCase(over: CaseChanges = {}): Case {
  return completeCase({
    schema: 1,
    caseId: aName('case'),
    thingName: thingKey(aName('thing')),
    status: 'observed',
    severity: 'critical',
    openedAt: now,
    updatedAt: now,
    detector: 'cordon',
    violations: {},
    ledger: [],
    outbox: { announcements: [], timeline: [] },
    timelineHead: '',
    timelineSeq: 0,
    announcementSeq: 0,
    ...over,
  });
}

const withTimeline = (record: Case, entries: readonly TimelineEntry[]): Case => ({
  ...record,
  outbox: { announcements: [], timeline: entries },
});

function aDetectState(over: Partial<DetectState> = {}): DetectState {
  const behaviors = { 'myapp-processes/no-child-processes': { bad: 1, good: 0, violationId: 'a' } };
  return {
    schema: 1,
    thingName: thingKey(aName('thing')),
    lastReportId: 7,
    lastReceivedAt: now,
    behaviors,
    ...over,
  };
}

export function declareStorageLaws(law: Law<Storage>): void {
  describe('cases', () =>
    declareVersionLaws<Case>((title, check) => law(title, ({ cases }) => check(cases)), {
      build: aCase,
      change: (record) => changeCase(record, { status: 'contained', updatedAt: record.updatedAt + 1 }),
    }));
  describe('detect states', () =>
    declareVersionLaws<DetectState>(
      (title, check) => law(title, ({ detection }) => check(detection.states)),
      {
        build: aDetectState,
        change: (state) => ({ ...state, lastReportId: state.lastReportId + 1, behaviors: {} }),
      },
    ));
  describe('what the rules detector keeps', () => declareDetectionLaws(law));
  describe('case storage', () => {
    declareKindLaws(law);
    declareTimelineLaws(law);
    declareDueLaws(law);
    declareRoutineLaws(law);
    declareFleetLaws(law);
  });
}

interface VersionedStore<T> {
  load(thingName: string): Promise<Versioned<T> | undefined>;
  save(value: T, previous: number): Promise<number>;
}

interface Samples<T> {
  build(): T;
  change(value: T): T;
}

function declareVersionLaws<T extends { readonly thingName: string }>(
  law: Law<VersionedStore<T>>,
  { build, change }: Samples<T>,
): void {
  law('has nothing for a thing until it is saved', async (store) => {
    expect(await store.load(aName('thing'))).toBeUndefined();
  });

  law('returns the case that was saved last, with the version of that save', async (store) => {
    const first = build();
    const second = change(first);

    expect(await store.save(first, 0)).toBe(1);
    expect(await store.load(first.thingName)).toStrictEqual({ value: first, version: 1 });
    expect(await store.save(second, 1)).toBe(2);
    expect(await store.load(first.thingName)).toStrictEqual({ value: second, version: 2 });
  });

  law('leaves out fields that are undefined, and keeps empty ones', async (store) => {
    const value = build();

    await store.save({ ...value, nothing: undefined, empty: { text: '', list: [], object: {} } }, 0);

    expect(await store.load(value.thingName)).toStrictEqual({
      value: { ...value, empty: { text: '', list: [], object: {} } },
      version: 1,
    });
  });

  law('keeps fields of any name, since a device chooses its client ids', async (store) => {
    const names = ['__proto__', '\\__proto__', '\\\\__proto__', 'constructor', 'a.b#c:d', '\\'];
    const connects = Object.fromEntries(names.map((name, version) => [name, { version, at: [now] }]));
    const value = build();

    await store.save({ ...value, connects }, 0);

    const stored = (await store.load(value.thingName))?.value;
    expect(Object.entries(Object(Object(stored).connects)).sort()).toEqual(Object.entries(connects).sort());
  });

  law('refuses a save with another version than the stored one, and keeps the stored case', async (store) => {
    const value = build();
    expect(await refusalOf(store.save(value, 1))).toBe('VersionConflictError');
    await store.save(value, 0);
    await store.save(value, 1);

    for (const stale of [0, 1, 3])
      expect(await refusalOf(store.save(change(value), stale))).toBe('VersionConflictError');

    expect(await store.load(value.thingName)).toStrictEqual({ value, version: 2 });
  });

  law('lets one of several writers at once win', async (store) => {
    const value = build();

    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => refusalOf(store.save(structuredClone(value), 0))),
    );

    expect(outcomes.sort()).toEqual([...Array(4).fill('VersionConflictError'), 'not refused']);
  });
}

function declareDetectionLaws(law: Law<Storage>): void {
  const points = (...times: number[]) =>
    times.map((at) => ({ metric: 'aws:all-bytes-out', at, value: { count: at - now } }));

  law('lists the things whose time has come, oldest first, but no case', async ({ cases, detection }) => {
    const [early, late, never, elsewhere] = Array.from({ length: 4 }, () => aName('thing')) as [
      string,
      string,
      string,
      string,
    ];
    await detection.states.save(aDetectState({ thingName: thingKey(late), dueAt: 20 }), 0);
    await detection.states.save(aDetectState({ thingName: thingKey(early), dueAt: 10 }), 0);
    await detection.states.save(aDetectState({ thingName: thingKey(never) }), 0);
    const record = aCase({ thingName: thingKey(elsewhere) });
    await cases.save({ ...record, dueAt: 5 }, 0);

    await waitUntil(
      () => 'two due things',
      async () => (await detection.states.listDue(20, 10)).length >= 2,
    );

    expect(await detection.states.listDue(20, 10)).toEqual([early, late]);
    expect(await detection.states.listDue(20, 1)).toEqual([early]);
    expect(await detection.states.listDue(9, 10)).toEqual([]);
    // Other laws list the cases that are due.
    await cases.save(record, 1);
  });

  law('keeps datapoints once, in order, and gives them page by page', async ({ detection }) => {
    const thingName = thingKey(aName('thing'));
    const query = { thingName, metric: 'aws:all-bytes-out', from: now, to: now + 40, limit: 2 };
    // These are more than one batch of the table.
    const many = points(...Array.from({ length: 30 }, (_, index) => now + 100 + index));

    await detection.datapoints.append(thingName, points(now + 30, now + 10, now + 20, now + 50));
    await detection.datapoints.append(thingName, points(now + 10));
    await detection.datapoints.append(thingName, [{ metric: 'other', at: now + 15, value: { number: 1 } }]);
    await detection.datapoints.append(thingKey(aName('thing')), points(now + 25));
    await detection.datapoints.append(thingName, many);

    expect(await detection.readDatapoints(query)).toEqual({
      datapoints: [
        { at: now + 10, value: { count: 10 } },
        { at: now + 20, value: { count: 20 } },
      ],
      nextFrom: now + 30,
    });
    expect(await detection.readDatapoints({ ...query, from: now + 30 })).toEqual({
      datapoints: [{ at: now + 30, value: { count: 30 } }],
    });
    const rest = await detection.readDatapoints({ ...query, from: now + 100, to: now + 200, limit: 100 });
    expect(rest.datapoints).toHaveLength(30);
  });

  law('adds up the fleet, even if several count at the same time', async ({ detection: { fleet } }) => {
    const metric = aName('metric');
    const contribution = { metric, durationSeconds: 300, window: 7, bin: 'bin5' };

    await Promise.all(Array.from({ length: 10 }, () => fleet.add(thingKey(aName('thing')), contribution)));
    await fleet.add(thingKey('thing'), { ...contribution, bin: 'zero' });
    await fleet.add(thingKey('thing'), { ...contribution, window: 8 });

    expect(await fleet.read(metric, 300, 7)).toEqual({ bin5: 10, zero: 1 });
    expect(await fleet.read(metric, 600, 7)).toEqual({});
  });
}

function declareKindLaws(law: Law<Storage>): void {
  law('keeps the case and the detect state of a thing apart', async ({ cases, detection }) => {
    const record = aCase();
    const state = aDetectState({ thingName: record.thingName });

    await cases.save(record, 0);
    await detection.states.save(state, 0);

    expect(await cases.load(record.thingName)).toStrictEqual({ value: record, version: 1 });
    expect(await detection.states.load(record.thingName)).toStrictEqual({ value: state, version: 1 });
  });

  law('archives a closed case once, however often it is asked to, newest first', async (storage) => {
    const thingName = thingKey(aName('thing'));
    const [older, newer] = [1, 2].map((hour) =>
      closedCase(aCase({ thingName, status: 'closed', closedAt: now + hour * 3_600_000 })),
    ) as [ClosedCase, ClosedCase];

    for (const record of [older, newer, older]) await storage.cases.archive(record);

    expect(await storage.listClosed(thingName)).toEqual([newer, older]);
    expect(await storage.cases.load(thingName)).toBeUndefined();
  });
}

function declareTimelineLaws(law: Law<Storage>): void {
  const opened: TimelineEntry = {
    at: now,
    actor: 'soc',
    event: { code: 'command', command: 'opened', comment: '<b>"\u0001' },
  };
  const released: TimelineEntry = { at: now + 5, event: { code: 'command', command: 'released' } };

  law('appends a row with the hash of the one before, once for the same case', async (storage) => {
    const first = withTimeline(aCase(), [opened, released]);
    const { caseId, thingName } = first;

    const hash = await storage.cases.appendTimeline(first);
    const again = await storage.cases.appendTimeline(first);
    const second = { ...withTimeline(first, [released]), timelineHead: hash, timelineSeq: 1 };
    const newest = await storage.cases.appendTimeline(second);

    const rowOf = (sk: string, told: readonly TimelineEntry[], previousHash: string) => {
      const entries = told.map(describeEntry);
      return { entries, previousHash, hash: hashRow({ caseId, thingName, sk, entries, previousHash }) };
    };
    const rows = [
      rowOf(`${String(now).padStart(15, '0')}#000000`, [opened, released], ''),
      rowOf(`${String(now + 5).padStart(15, '0')}#000001`, [released], hash),
    ];
    expect(await storage.readTimeline(caseId)).toEqual(rows);
    expect([hash, again, newest]).toEqual([rows[0]?.hash, rows[0]?.hash, rows[1]?.hash]);
  });

  law('keeps the timelines of cases apart', async (storage) => {
    const [mine, other] = [aCase(), aCase()].map((record) => withTimeline(record, [opened])) as [Case, Case];

    await storage.cases.appendTimeline(mine);
    await storage.cases.appendTimeline(other);

    expect((await storage.readTimeline(mine.caseId)).map(({ entries }) => entries)).toEqual([
      [describeEntry(opened)],
    ]);
  });
}

function declareDueLaws(law: Law<Storage>): void {
  law(
    'lists the things that are due, oldest first, up to the limit, until they owe nothing',
    async (storage) => {
      const { cases } = storage;
      const records = [300, 100, 200].map((dueAt) => aCase({ dueAt }));
      const [third = '', first = '', second = ''] = records.map(({ thingName }) => thingName);
      for (const record of records) await cases.save(record, 0);
      await cases.save(aCase(), 0);
      // The index of the real service follows the table a little later.
      await waitUntil(
        () => 'the index in step with the table',
        async () => (await cases.listDue(300, 10)).length === 3,
      );

      expect(await cases.listDue(99, 10)).toEqual([]);
      expect(await cases.listDue(200, 10)).toEqual([first, second]);
      expect(await cases.listDue(300, 10)).toEqual([first, second, third]);
      expect(await cases.listDue(300, 2)).toEqual([first, second]);

      for (const record of records) await cases.save(idle(record), 1);
      await waitUntil(
        () => 'the index in step with the table',
        async () => (await cases.listDue(300, 10)).length === 0,
      );
    },
  );
}

function declareRoutineLaws(law: Law<Storage>): void {
  law(
    'lists a denial that stands apart from what is urgent, and with that once it owes something',
    async (storage) => {
      const { cases } = storage;
      const record = aCase({ status: 'contained', dueAt: 100 });
      const { thingName } = record;
      await cases.save(record, 0);
      await waitUntil(
        () => 'the index in step with the table',
        async () => (await cases.listRoutine(100, 10)).length === 1,
      );
      expect(await cases.listRoutine(99, 10)).toEqual([]);
      expect(await cases.listDue(100, 10)).toEqual([]);

      await cases.save(aCase({ thingName, status: 'containing', dueAt: 100 }), 1);
      await waitUntil(
        () => 'the index in step with the table',
        async () => (await cases.listDue(100, 10)).length === 1,
      );
      expect(await cases.listDue(100, 10)).toEqual([thingName]);
      expect(await cases.listRoutine(100, 10)).toEqual([]);
    },
  );

  law(
    'lists a containment that was tried in vain, or is lost, apart from work left undone',
    async ({ cases }) => {
      const refused = aCase({ status: 'containment-failed', dueAt: 50 });
      const lost = aCase({ status: 'containing', containedAt: now, dueAt: 51 });
      for (const record of [refused, lost]) await cases.save(record, 0);
      await waitUntil(
        () => 'the index in step with the table',
        async () => (await cases.listRetries(51, 10)).length === 2,
      );

      expect(await cases.listRetries(51, 10)).toEqual([refused.thingName, lost.thingName]);
      expect(await cases.listRetries(49, 10)).toEqual([]);
      expect(await cases.listDue(51, 10)).toEqual([]);
      expect(await cases.listRoutine(51, 10)).toEqual([]);
      for (const record of [refused, lost]) await cases.save(idle(record), 1);
    },
  );
}

function declareFleetLaws(law: Law<Storage>): void {
  // The window is one for the whole fleet: each law has a day of its own.
  let day = now;
  const aDay = () => {
    day += 86_400_000;
    return (thingName: string, afterMs: number, over: Partial<Reservation> = {}): Reservation => ({
      thingName: thingKey(thingName),
      now: day + afterMs,
      limit: 2,
      windowMs: 1_000,
      ...over,
    });
  };

  law('gives places in the window up to the limit, and each thing one', async ({ fleetLimit }) => {
    const reservation = aDay();
    const taken: boolean[] = [];
    for (const [thingName, afterMs] of [
      ['a', 0],
      ['b', 1],
      ['c', 2],
      ['a', 3],
      ['b', 3],
    ] as const)
      taken.push(await fleetLimit.reserve(reservation(thingName, afterMs)));

    expect(taken).toEqual([true, true, false, true, true]);
  });

  law('counts a thing of any name that AWS IoT takes', async ({ fleetLimit }) => {
    const reservation = aDay();
    const taken: boolean[] = [];
    for (const [thingName, afterMs] of [
      ['__proto__', 0],
      ['constructor', 1],
      ['a', 2],
      ['__proto__', 3],
      ['constructor', 4],
    ] as const)
      taken.push(await fleetLimit.reserve(reservation(thingName, afterMs)));

    expect(taken).toEqual([true, true, false, true, true]);
    expect(await fleetLimit.countUsed(day + 5, 1_000)).toBe(2);
  });

  law('frees a place when its window is over, and not before', async ({ fleetLimit }) => {
    const reservation = aDay();
    const only = { limit: 1 };
    const taken: boolean[] = [];
    for (const [thingName, afterMs] of [
      ['a', 0],
      ['b', 999],
      ['b', 1_000],
      ['a', 1_000],
    ] as const)
      taken.push(await fleetLimit.reserve(reservation(thingName, afterMs, only)));

    expect(taken).toEqual([true, false, true, false]);
  });

  law('changes nothing with a reservation that it refuses', async ({ fleetLimit }) => {
    const reservation = aDay();
    await fleetLimit.reserve(reservation('a', 0));

    expect(await fleetLimit.reserve(reservation('b', 10, { limit: 0, windowMs: 5 }))).toBe(false);

    expect(await fleetLimit.reserve(reservation('c', 10, { limit: 1 }))).toBe(false);
  });

  law('never passes the limit if many reserve at once', async ({ fleetLimit }) => {
    const reservation = aDay();
    const taken = await Promise.all(
      Array.from({ length: 6 }, (_, i) => fleetLimit.reserve(reservation(`many-${i}`, i))),
    );

    expect(taken.filter(Boolean)).toEqual([true, true]);
  });

  law(
    'lets one case of a window announce the fleet limit, however often it is asked',
    async ({ fleetLimit }) => {
      const [first, second, third] = ['first', 'second', 'third'].map((name) => aName(name));
      const claim = (caseId = '', at = 0) =>
        fleetLimit.reserveNotice({ caseId, now: now + 1e9 + at, windowMs: 1_000 });

      expect([await claim(first), await claim(second), await claim(first, 999)]).toEqual([true, false, true]);
      expect([await claim(second, 1_000), await claim(third, 1_999), await claim(first, 1_999)]).toEqual([
        true,
        false,
        false,
      ]);
      expect(await claim(third, 2_000)).toBe(true);
    },
  );

  law('knows the size of the fleet as it was counted last', async ({ fleetLimit }) => {
    expect(await fleetLimit.readSize()).toBeUndefined();
    await fleetLimit.saveSize({ things: 10, countedAt: now });
    await fleetLimit.saveSize({ things: 12, countedAt: now + 1 });

    expect(await fleetLimit.readSize()).toEqual({ things: 12, countedAt: now + 1 });
  });
}
