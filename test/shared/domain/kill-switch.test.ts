import { decide, needsFacts } from '../../../shared/domain/decide';
import { aConfiguration, aContext, aPlaybook, now, someFacts } from '../../builders';
import { actionsOf, alarm, lead, led, order, resume, toldOf } from './life';

const on = { killSwitch: true };
/** As soon as the sweep looks at what the switch held back. */
const later = now + 5 * 60_000;

describe('a case that only the kill switch held back', () => {
  const heldBack = () => led(undefined, alarm(), on);

  it('is looked at again while the switch is on, asking AWS and telling people nothing', () => {
    const record = heldBack();
    expect([record.status, record.dueAt]).toEqual(['observed', later]);
    expect(decide(record, resume, aContext({ ...on, now: later - 1 })).outcome).toBe('unchanged');

    const next = lead(record, resume, { ...on, now: later });

    expect([next.status, next.dueAt, next.outbox]).toEqual([
      'observed',
      later + 5 * 60_000,
      { announcements: [], timeline: [] },
    ]);
    const asked = [aContext(on), aContext()].map((context) => needsFacts(record, resume, context));
    expect(asked).toEqual([false, true]);
  });

  it('is contained once the switch is off, though no detector says anything new', () => {
    const next = lead(heldBack(), resume, { now: later });

    expect([next.status, actionsOf(next), toldOf(next)]).toEqual([
      'contained',
      ['quarantine', 'disconnect'],
      ['contained'],
    ]);
    expect(next.heldBackBy).toBeUndefined();
    expect(next.outbox.timeline[0]).toEqual({
      at: later,
      what: 'judged again',
      detail: 'the kill switch is off',
    });
  });

  it.each([
    ['the fleet limit is reached', { fleetLimitReached: true }, 'awaiting-approval', ['approval-needed']],
    [
      'the thing could not be looked up',
      { facts: { kind: 'unavailable', reason: 'throttled' } },
      'awaiting-approval',
      ['approval-needed'],
    ],
    ['the thing is exempt', { facts: someFacts({ groups: ['life-support'] }) }, 'observed', []],
  ] as const)('still meets every guard: %s', (_, context, status, told) => {
    const next = lead(heldBack(), resume, { ...context, now: later });

    expect([next.status, next.ledger, toldOf(next)]).toEqual([status, [], told]);
    expect(next.heldBackBy).toBeUndefined();
  });

  it('is not forgotten for another violation that is only watched', () => {
    const configuration = aConfiguration({
      playbooks: [
        aPlaybook({ name: 'watch', when: { behavior: 'other' }, mode: 'observe', actions: [] }),
        aPlaybook(),
      ],
    });
    const watched = led(heldBack(), alarm({ behaviorName: 'other', occurredAt: now + 1 }), {
      ...on,
      configuration,
      now: now + 1,
    });
    expect(watched.dueAt).toBe(later);

    expect(lead(watched, resume, { configuration, now: later }).status).toBe('contained');
  });

  it('ends with its violations, and is not judged again then', () => {
    const closed = led(heldBack(), alarm({ eventType: 'alarm-cleared', occurredAt: now + 1 }));

    expect([closed.status, closed.dueAt]).toEqual(['closed', undefined]);
    expect(decide(closed, resume, aContext({ now: later })).outcome).toBe('unchanged');
  });

  it('is held but once, also where an operator was faster', () => {
    const byHand = led(heldBack(), order('contain'));

    expect([byHand.status, byHand.heldBackBy]).toEqual(['contained', undefined]);
  });
});
