import { createOutbox, type OutboxRules } from '../../../agent/delivery/outbox';
import type { Report } from '../../../agent/report/report';
import { aReport } from '../builders';

const metric = 'num_child_procs_myapp';
const rules: OutboxRules = {
  mostReports: Number.POSITIVE_INFINITY,
  mostBytes: 100_000,
  retryMs: 0,
  peaks: new Set([metric]),
};

function anOutbox(changes: Partial<OutboxRules> = {}) {
  const delivered: number[] = [];
  const folded: number[] = [];
  const kept = new Map<number, boolean>();
  const settles: ((outcome: 'acknowledged' | 'failed') => void)[] = [];
  const clock = { now: 0 };
  const disk = { isFull: false };
  const outbox = createOutbox(
    { ...rules, ...changes },
    {
      deliver: ({ header }) => {
        delivered.push(header.report_id);
        return new Promise((resolve) => settles.push(resolve));
      },
      keep: ({ header }, isUrgent) => {
        if (!disk.isFull) kept.set(header.report_id, isUrgent);
        return !disk.isFull;
      },
      drop: ({ header }) => kept.delete(header.report_id),
      onAcknowledged: () => undefined,
      onFailed: () => undefined,
      onFolded: ({ header }) => folded.push(header.report_id),
      clock: () => clock.now,
    },
  );
  /** Tells the outbox the result of the present delivery, and waits until the outbox has handled it. */
  const settle = async (outcome: 'acknowledged' | 'failed') => {
    settles.shift()?.(outcome);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const ids = () => outbox.waiting().map(({ header }) => header.report_id);
  return { outbox, delivered, folded, kept, settle, clock, disk, ids };
}
const children = (report: Report | undefined) => report?.custom_metrics?.[metric]?.[0];

describe('an outbox', () => {
  it('delivers one at a time, oldest first', async () => {
    const { outbox, delivered, settle, ids } = anOutbox();
    for (const id of [1, 2, 3]) outbox.put(aReport({ id }), false);
    outbox.flush();
    outbox.flush();
    expect(delivered).toEqual([1]);
    await settle('acknowledged');
    expect(delivered).toEqual([1, 2]);
    await settle('acknowledged');
    await settle('acknowledged');

    expect(delivered).toEqual([1, 2, 3]);
    expect(ids()).toEqual([]);
  });

  it('keeps a failed report, with its id and its place, until it is due again', async () => {
    const { outbox, delivered, settle, clock } = anOutbox({ retryMs: 100 });
    outbox.put(aReport({ id: 1 }), false);
    outbox.put(aReport({ id: 2 }), false);
    outbox.flush();
    await settle('failed');
    clock.now = 99;
    outbox.flush();
    expect(delivered).toEqual([1]);
    clock.now = 100;
    outbox.flush();
    await settle('acknowledged');

    expect(delivered).toEqual([1, 1, 2]);
  });

  it('holds no more than its limit in bytes, and loses no peak', () => {
    const { outbox, folded, ids } = anOutbox({ mostBytes: 1000 });
    for (let id = 1; id <= 100; id += 1) outbox.put(aReport({ id, children: id === 3 ? 7 : 0 }), false);

    const waiting = outbox.waiting();
    expect(Buffer.byteLength(JSON.stringify(waiting))).toBeLessThan(1100);
    expect(ids()).toEqual([...ids()].sort((a, b) => a - b));
    expect(ids().at(-1)).toBe(100);
    expect(children(waiting[0])).toEqual({ number: 7 });
    expect(folded.length + waiting.length).toBe(100);
  });

  it('does not change a report that is being delivered, since it may have arrived under its id', async () => {
    const { outbox, settle, ids } = anOutbox({ mostReports: 1 });
    outbox.put(aReport({ id: 1 }), false);
    outbox.flush();
    outbox.put(aReport({ id: 2, children: 5 }), false);
    outbox.put(aReport({ id: 3 }), false);
    expect(ids()).toEqual([1, 3]);
    await settle('failed');

    expect(ids()).toEqual([1, 3]);
    expect(children(outbox.waiting()[1])).toEqual({ number: 5 });
  });

  it('stores an urgent report at once, any other when it fails or the agent stops, and none once it is acknowledged', async () => {
    const { outbox, kept, settle } = anOutbox();
    outbox.put(aReport({ id: 1 }), true);
    outbox.put(aReport({ id: 2 }), false);
    const atOnce = [...kept];
    outbox.flush();
    await settle('failed');
    const failed = [...kept];
    outbox.put(aReport({ id: 3 }), false);
    outbox.keepAll();
    outbox.flush();
    await settle('acknowledged');

    expect(atOnce).toEqual([[1, true]]);
    expect(failed.map(([id]) => id)).toEqual([1, 2]);
    expect([...kept.keys()]).toEqual([2, 3]);
  });

  it('stores what did not fit on a full disk once it fits', async () => {
    const { outbox, kept, settle, disk } = anOutbox();
    disk.isFull = true;
    outbox.put(aReport({ id: 1 }), true);
    outbox.keepAll();
    disk.isFull = false;
    outbox.put(aReport({ id: 2 }), false);
    outbox.keepAll();
    const then = [...kept.keys()];
    outbox.flush();
    await settle('acknowledged');
    await settle('acknowledged');

    expect([then, [...kept]]).toEqual([[1, 2], []]);
  });

  it('stores the report that two were folded into in place of both', () => {
    const { outbox, kept } = anOutbox({ mostReports: 1 });
    outbox.put(aReport({ id: 1, children: 4 }), true);
    outbox.put(aReport({ id: 2 }), false);

    expect([...kept]).toEqual([[2, true]]);
    expect(children(outbox.waiting()[0])).toEqual({ number: 4 });
  });

  it('keeps a stored report until the one that it was folded into is stored or acknowledged', async () => {
    for (const isStoredFirst of [true, false]) {
      const { outbox, kept, disk, settle } = anOutbox({ mostReports: 1 });
      outbox.put(aReport({ id: 1, children: 4 }), true);
      outbox.put(aReport({ id: 2 }), false);
      disk.isFull = true;
      outbox.put(aReport({ id: 3 }), true);
      outbox.put(aReport({ id: 4 }), false);
      outbox.keepAll();
      expect([...kept.keys()]).toEqual([2]);
      disk.isFull = !isStoredFirst;
      outbox.keepAll();
      expect([...kept.keys()]).toEqual(isStoredFirst ? [4] : [2]);
      outbox.flush();
      await settle('acknowledged');
      expect([...kept.keys()]).toEqual([]);
    }
  });

  it('delivers the reports of an earlier run before its own', async () => {
    const { outbox, delivered, settle } = anOutbox();
    outbox.take([aReport({ id: 1 }), aReport({ id: 2 })]);
    outbox.put(aReport({ id: 3 }), false);
    outbox.flush();
    await settle('acknowledged');
    await settle('acknowledged');
    await settle('acknowledged');

    expect(delivered).toEqual([1, 2, 3]);
  });
});
