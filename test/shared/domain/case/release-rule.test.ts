import type { Case } from '../../../../shared/domain/case/case';
import type { ReleaseRule } from '../../../../shared/domain/configuration';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { aConfiguration, aPlaybook, flushed, now } from '../../../builders';
import { alarm, lead, led, order, resume } from '../lead-case';

const minute = 60_000;

const releasing = (release: ReleaseRule) => aConfiguration({ playbooks: [aPlaybook({ release })] });
const held = (release: ReleaseRule) => led(undefined, alarm(), { configuration: releasing(release) });
const clear = (at: number, over = {}) => alarm({ eventType: 'alarm-cleared', occurredAt: at, ...over });

/** Looks at a case whenever it is due, as the sweep does, until the given time. */
function sweepUntil(record: Case, until: number): Case {
  let next = record;
  for (let looks = 0; next.dueAt !== undefined && next.dueAt <= until; looks += 1) {
    if (looks > 1_000) throw new Error('it is due without end');
    next = led(next, resume, { now: next.dueAt });
  }
  return next;
}

describe('a release after a time', () => {
  it('happens that long after the denial was verified, and not before', () => {
    const record = held({ after: 60 * minute });

    expect(sweepUntil(record, now + 60 * minute - 1).status).toBe('contained');
    expect(sweepUntil(record, now + 60 * minute)).toMatchObject({
      status: 'closed',
      closedAt: now + 60 * minute,
    });
  });

  it('appears in the timeline as a release by time', () => {
    const { outbox } = describeCase(lead(held({ after: minute }), resume, { now: now + minute }));

    expect(outbox.timeline[0]).toEqual({
      at: now + minute,
      what: 'release',
      actor: 'timer',
      detail: 'cordon.yml releases by time, 1 minute after the denial was verified',
    });
  });

  it('neither waits for a clear nor happens because of one', () => {
    const record = led(held({ after: 60 * minute }), clear(now + 1), { now: now + 1 });

    expect(sweepUntil(record, now + 59 * minute).status).toBe('contained');
    expect(sweepUntil(record, now + 60 * minute).status).toBe('closed');
  });
});

describe('a release after a clean hold', () => {
  const rule = { clearedFor: 30 * minute };

  it('never happens while the violation is open', () => {
    expect(sweepUntil(held(rule), now + 24 * 60 * minute).status).toBe('contained');
  });

  it('happens that long after the clear', () => {
    const at = now + 10 * minute;
    const record = led(held(rule), clear(at), { now: at });

    expect(record.status).toBe('contained');
    expect(sweepUntil(record, at + 30 * minute - 1).status).toBe('contained');
    expect(sweepUntil(record, at + 30 * minute)).toMatchObject({
      status: 'closed',
      closedAt: at + 30 * minute,
    });
  });

  it('starts its time at the denial at the earliest, even if the clear arrives late', () => {
    const record = led(held(rule), clear(now - 50), { now: now + minute });

    expect(sweepUntil(record, now + 30 * minute - 1).status).toBe('contained');
    expect(sweepUntil(record, now + 30 * minute).status).toBe('closed');
  });

  it('is canceled by another alarm, and starts again with its clear', () => {
    let record = led(held(rule), clear(now + minute), { now: now + minute });
    record = led(sweepUntil(record, now + 20 * minute), alarm({ occurredAt: now + 20 * minute }), {
      now: now + 20 * minute,
    });
    record = sweepUntil(record, now + 300 * minute);
    expect(record.status).toBe('contained');

    record = led(record, clear(now + 300 * minute), { now: now + 300 * minute });
    expect(sweepUntil(record, now + 329 * minute).status).toBe('contained');
    expect(sweepUntil(record, now + 330 * minute).status).toBe('closed');
  });

  it('does not start by the report of a certificate that is not the thing’s, which the case records', () => {
    const at = now + 10 * minute;
    const forged = clear(at, { reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } });

    const record = lead(held(rule), forged, { now: at });

    const text =
      'the clear of myapp-processes/no-child-processes came from a certificate that is not attached to this thing, so it may be forged: it has no effect';
    expect(
      describeCase(record).outbox.announcements.map(({ kind, text: told }) => `${kind}: ${told}`),
    ).toEqual([`refused: ${text}`]);
    expect(describeCase(record).outbox.timeline.map(({ what, detail }) => [what, detail])).toEqual([
      ['clear ignored', text],
    ]);
    expect(sweepUntil(record, now + 24 * 60 * minute).status).toBe('contained');
    const own = clear(at, { reporter: { clientId: 'mything1', principal: 'a'.repeat(64) } });
    expect(sweepUntil(led(flushed(record), own, { now: at }), at + 30 * minute).status).toBe('closed');
  });

  it('waits for all violations of the case', () => {
    const other = { behaviorName: 'other' };
    let record = led(held(rule), alarm({ ...other, occurredAt: now + 1 }), { now: now + 1 });
    record = led(record, clear(now + minute), { now: now + minute });
    record = sweepUntil(record, now + 100 * minute);
    expect(record.status).toBe('contained');

    record = led(record, clear(now + 100 * minute, other), { now: now + 100 * minute });
    expect(sweepUntil(record, now + 130 * minute).status).toBe('closed');
  });

  it('does not count a silent device as clean', () => {
    const invalidated = clear(now + minute, { eventType: 'alarm-invalidated' });

    const record = led(held(rule), invalidated, { now: now + minute });

    expect(sweepUntil(record, now + 24 * 60 * minute).status).toBe('contained');
  });

  it('never happens for a containment by an operator, which no alarm can clear', () => {
    const record = { ...led(undefined, order('contain')), release: rule };

    expect(sweepUntil(record, now + 24 * 60 * minute).status).toBe('contained');
  });
});

describe('a release by an operator', () => {
  it('is the only release if no time is given, cleared or not', () => {
    const record = led(held({ by: 'operator' }), clear(now + 1), { now: now + 1 });

    expect(sweepUntil(record, now + 7 * 24 * 60 * minute).status).toBe('contained');
    expect(led(record, order('release')).status).toBe('closed');
  });
});
