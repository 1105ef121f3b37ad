import { nextStep, recordOutcome } from '../../../../shared/domain/case/steps';
import type { Command } from '../../../../shared/domain/decide/command';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { thingKey } from '../../../../shared/domain/thing-ref';
import { aContext, changeCase, changedBy, decide, now, words } from '../../../builders';
import { alarm } from '../lead-case';
import { contained, perform } from './played-case';

/** How far the times of sessions may be off. */
const marginMs = 120_000;

describe('decide, on a reconnect,', () => {
  const reconnected = (connectedAt: number): Command => ({
    type: 'reconnected',
    thingName: thingKey('mything1'),
    clientId: 'mything1',
    connectedAt,
  });

  it('cuts again while the policy cache may still admit the device', () => {
    const next = changedBy(contained(), reconnected(now + 1_000), { policyCacheMs: 480_000 });

    expect(nextStep(next, new Set())).toMatchObject({ kind: 'apply', entry: { action: 'disconnect' } });
  });

  it('leaves the contained status while cached rights admit the device, announces so once, and returns to it afterwards', () => {
    const policyCacheMs = 480_000;
    const first = changedBy(contained(), reconnected(now + 1_000), { policyCacheMs });
    expect(first.outbox.announcements.map(({ kind }) => kind)).toEqual(['containing']);
    const cut = perform(first, now + 1_100);
    expect([cut.status, cut.dueAt]).toEqual(['containing', now + policyCacheMs + marginMs]);

    const second = changedBy(cut, reconnected(now + 2_000), { policyCacheMs });
    expect(second.outbox.announcements).toEqual([]);

    const later = now + policyCacheMs + marginMs + 1;
    const resumed = changedBy(
      perform(second, now + 2_100),
      { type: 'resume', thingName: thingKey('mything1') },
      { now: later },
    );
    expect(perform(resumed, later)).toMatchObject({ status: 'contained', containedAt: later });
  });

  it('cuts a session under another client id too, and remembers the newest of many', () => {
    const policyCacheMs = 480_000;
    const other = (clientId: string): Command => ({ ...reconnected(now + 1_000), clientId }) as Command;
    let record = perform(changedBy(contained(), other('id-0'), { policyCacheMs }), now + 1_100);
    expect(record.ledger.find(({ action }) => action === 'disconnect')?.prior).toMatchObject({
      clientIds: ['mything1', 'id-0'],
    });
    expect(record).toMatchObject({ status: 'containing', evadesUntil: now + policyCacheMs + marginMs });

    for (let more = 1; more < 15; more += 1)
      record = perform(changedBy(record, other(`id-${more}`), { policyCacheMs }), now + 1_100);
    expect(record.ledger.find(({ action }) => action === 'disconnect')?.prior).toMatchObject({
      clientIds: ['mything1', ...Array.from({ length: 9 }, (_, index) => `id-${index + 6}`)],
    });
  });

  it('announces no further reconnects while the missing denial is already announced', () => {
    const planned = changedBy(undefined, alarm());
    const quarantine = nextStep(planned, new Set(['disconnect']));
    if (!quarantine) throw new Error('no step');
    const refused = recordOutcome(
      planned,
      quarantine,
      { result: 'refused', detail: [words('ten groups')] },
      now,
    );
    const failed = perform({ ...refused, ledger: refused.ledger });
    expect(failed.status).toBe('containment-failed');

    const again = perform(changedBy(failed, reconnected(now + 1_000)));

    expect([again.status, again.outbox.announcements]).toEqual(['containment-failed', []]);
  });

  it('cuts a session from before the cut once more, in case clocks differ, but does not report that the device returned', () => {
    const next = changedBy(contained(), reconnected(now - 1), { policyCacheMs: 480_000 });

    expect(nextStep(next, new Set())).toMatchObject({ kind: 'apply', entry: { action: 'disconnect' } });
    const { evadesUntil, outbox } = next;
    expect([evadesUntil, outbox]).toEqual([undefined, { announcements: [], timeline: [] }]);
    expect(perform(next)).toMatchObject({ status: 'contained', containedAt: now });
  });

  /** A certificate keeps the thing out until its denial by policy has spread. */
  const deactivated = (policyCacheMs: number) => perform(changedBy(undefined, alarm(), { policyCacheMs }));

  const versioned = (connectedAt: number, version: number): Command => ({
    ...(reconnected(connectedAt) as Extract<Command, { type: 'reconnected' }>),
    version,
  });

  it('ignores an older session, whatever its time says', () => {
    const policyCacheMs = 480_000;
    const back = perform(changedBy(contained(), versioned(now + 5_000, 4), { policyCacheMs }), now + 5_100);

    for (const [at, version] of [
      [now + 9_000, 3],
      [now + 5_000, 4],
    ] as const)
      expect(decide(back, versioned(at, version), aContext({ policyCacheMs })).outcome).toBe('unchanged');
  });

  it('treats a newer version than that of a session after the cut as a new session, even if its time is before the cut', () => {
    const policyCacheMs = 480_000;
    const first = changedBy(contained(), versioned(now + 5_000, 4), { policyCacheMs });
    // It was cut. Only the version shows that its return is new, since the times from AWS are approximate.
    const cut = perform(first, now + 5_100);
    const second = changedBy(changeCase(cut, { status: 'contained' }), versioned(now - 1, 6), {
      policyCacheMs,
    });

    expect(second.status).toBe('containing');
    expect(describeCase(second).outbox.timeline.map(({ what }) => what)).toEqual([
      'reconnected before the denial had spread, and cut again',
    ]);
  });

  it('takes each of several connects from before the cut for a session that was cut', () => {
    const policyCacheMs = 480_000;
    let record = deactivated(policyCacheMs);
    for (const [at, version] of [
      [now - 30, 1],
      [now - 1, 3],
    ] as const)
      record = perform(changedBy(record, versioned(at, version), { policyCacheMs }), now + 100);

    expect([record.status, record.evadesUntil, record.leftOut]).toEqual(['contained', undefined, undefined]);
    expect(nextStep(record, new Set())).toBeUndefined();
  });

  it('names a certificate as passed only by a session from after its deactivation', () => {
    const policyCacheMs = 480_000;
    // The first call to deactivate it failed.
    const late = deactivated(policyCacheMs);
    const ledger = late.ledger.map((entry) =>
      entry.temporary ? { ...entry, appliedAt: now + 60_000, verifiedAt: now + 60_000 } : entry,
    );
    const record = changeCase(late, { ledger });
    const connectAt = (at: number) =>
      perform(changedBy(record, versioned(at, 3), { policyCacheMs }), now + 90_000);

    expect(connectAt(now + 30_000)).toMatchObject({ status: 'contained' });
    expect(connectAt(now + 30_000).leftOut).toBeUndefined();
    expect(connectAt(now + 60_000)).toMatchObject({
      status: 'containing',
      leftOut: [{ code: 'session-while-inactive', clientId: 'mything1' }],
    });
  });

  it('knows no session of a client whose id every object of JavaScript has', () => {
    const policyCacheMs = 480_000;
    const id = 'constructor';
    const held = changedBy(contained(), { ...versioned(now + 1, 3), clientId: id } as Command, {
      policyCacheMs,
    });
    const known = changeCase(perform(held), {
      status: 'contained',
      connects: { other: { version: 1, at: now } },
    });

    // This connect is older than the cut, so it is cut once more and not announced.
    const again = changedBy(known, { ...versioned(now - 1, 4), clientId: id } as Command, { policyCacheMs });
    expect(again.status).toBe('contained');
  });

  it('takes an event from before versions started again for an older session, whatever its version', () => {
    const policyCacheMs = 480_000;
    const back = perform(changedBy(contained(), versioned(now + 5_000, 0), { policyCacheMs }), now + 5_100);
    const before = versioned(now + 5_000 - 3_600_000, 40);

    expect(decide(back, before, aContext({ policyCacheMs })).outcome).toBe('unchanged');
  });

  it('accepts that versions start again after an hour without a session', () => {
    const policyCacheMs = 3 * 3_600_000;
    const back = perform(changedBy(contained(), versioned(now + 5_000, 40), { policyCacheMs }), now + 5_100);

    expect(changedBy(back, versioned(now + 5_000 + 3_600_000, 0), { policyCacheMs }).status).toBe(
      'containing',
    );
  });

  it('leaves a session alone that began under the denial', () => {
    expect(decide(contained(), reconnected(now + 1_000), aContext()).outcome).toBe('unchanged');
  });
});
