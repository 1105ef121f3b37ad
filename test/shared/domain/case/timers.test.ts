import type { Case } from '../../../../shared/domain/case/case';
import type { ReleaseRule } from '../../../../shared/domain/configuration';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { aConfiguration, aContext, aPlaybook, decide, flushed, now } from '../../../builders';
import { alarm, lead, led, order, resume, toldOf } from '../lead-case';

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

describe('an approval', () => {
  const configuration = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });
  const { approvalExpires } = configuration.guards;
  const waiting = () => led(undefined, alarm(), { configuration });

  it('becomes an observation when it expires, which is announced', () => {
    const early = decide(waiting(), resume, aContext({ now: now + approvalExpires - 1 }));
    const record = lead(waiting(), resume, { now: now + approvalExpires });

    expect(early.outcome).toBe('unchanged');
    expect(record).toMatchObject({ status: 'observed', ledger: [] });
    expect(describeCase(record).reason).toBe(
      'nobody approved in time (playbook spawned-child asks before it acts)',
    );
    expect(toldOf(record)).toEqual(['approval-expired']);
    expect(record.dueAt).toBeUndefined();
  });

  it('ends the case on expiry if the violation has ended while it waited', () => {
    const cleared = led(waiting(), clear(now + minute), { now: now + minute });
    expect([cleared.status, cleared.dueAt]).toEqual(['awaiting-approval', now + approvalExpires]);

    const record = lead(cleared, resume, { now: now + approvalExpires });

    expect([record.status, toldOf(record), record.dueAt]).toEqual([
      'closed',
      ['approval-expired'],
      undefined,
    ]);
    expect(describeCase(record).reason).toBe(
      'nobody approved in time (playbook spawned-child asks before it acts); all violations cleared',
    );
  });

  it('is refused once it has expired, and an operator may still contain the thing', () => {
    const expired = led(waiting(), resume, { now: now + approvalExpires });

    expect(decide(expired, order('approve'), aContext())).toMatchObject({
      refusal: { code: 'nothing-awaits-approval' },
    });
    expect(led(expired, order('contain'), { configuration }).status).toBe('contained');
  });

  it('is not lost when another violation of the thing is only observed', () => {
    const playbooks = [
      aPlaybook({ mode: 'approve', when: { behavior: 'no-child-processes' } }),
      aPlaybook({ name: 'watch', mode: 'observe', actions: [], severity: 'low' }),
    ];
    const both = aConfiguration({ playbooks });
    const record = lead(led(undefined, alarm(), { configuration: both }), alarm({ behaviorName: 'other' }), {
      configuration: both,
    });

    expect(record).toMatchObject({
      status: 'awaiting-approval',
      playbook: 'spawned-child',
      severity: 'critical',
      dueAt: now + approvalExpires,
    });
    expect(toldOf(record)).toEqual(['new-violation']);
    // The newest message stands for the case, so it says what the case waits for.
    expect(record?.outbox.announcements.at(-1)?.news).toEqual([
      {
        code: 'nothing-further',
        behavior: 'myapp-processes/other',
        reason: { code: 'playbook-observes', playbook: 'watch' },
        waits: { code: 'playbook-asks', playbook: 'spawned-child' },
      },
    ]);
    expect(led(record, order('approve'), { configuration: both }).status).toBe('contained');
  });
});
