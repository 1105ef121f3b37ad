import {
  findWithheld,
  killSwitchFor,
  readKillSwitch,
  writeKillSwitch,
} from '../../../../shared/domain/guards/kill-switch';
import { describeCase } from '../../../../shared/domain/messages/describe-case';
import { describeKillSwitch } from '../../../../shared/domain/messages/describe-kill-switch';
import { describeReason, describeRefusal } from '../../../../shared/domain/messages/describe-reason';
import {
  aConfiguration,
  aContext,
  aPlaybook,
  decide,
  listQuestions,
  now,
  type Situation,
  someFacts,
} from '../../../builders';
import { actionsOf, alarm, lead, led, order, resume, toldOf } from '../lead-case';

const on: Partial<Situation> = { killSwitch: { state: 'on' } };
/** The time when the sweep looks at what the switch held back. */
const later = now + 5 * 60_000;

describe('a case that only the kill switch held back', () => {
  const heldBack = () => led(undefined, alarm(), on);

  it('is checked again while the switch is on, without a call to AWS or an announcement', () => {
    const record = heldBack();
    expect([record.status, record.dueAt]).toEqual(['observed', later]);
    expect(decide(record, resume, aContext({ ...on, now: later - 1 })).outcome).toBe('unchanged');

    const next = lead(record, resume, { ...on, now: later });

    expect([next.status, next.dueAt, next.outbox]).toEqual([
      'observed',
      later + 5 * 60_000,
      { announcements: [], timeline: [] },
    ]);
    const asked = [on, {}].map((over) => listQuestions(record, resume, aContext({ ...over, now: later })));
    expect(asked).toEqual([[], ['facts', 'reservation']]);
  });

  it('is checked again within a minute if the switch could not be read, and contained once it can be', () => {
    const unread: Partial<Situation> = { killSwitch: { state: 'unknown', reason: 'TimeoutError: aborted' } };
    const record = led(undefined, alarm(), unread);
    expect([record.status, record.dueAt]).toEqual(['awaiting-approval', now + 60_000]);

    const still = lead(record, resume, { ...unread, now: now + 60_000 });
    expect([still.status, still.dueAt]).toEqual(['awaiting-approval', now + 120_000]);
    expect(lead(still, resume, { now: now + 120_000 }).status).toBe('contained');
  });

  it('is contained once the switch is off, even without a new alert', () => {
    const next = lead(heldBack(), resume, { now: later });

    expect([next.status, actionsOf(next), toldOf(next)]).toEqual([
      'contained',
      ['disconnect', 'quarantine'],
      ['contained'],
    ]);
    expect(next.heldBackBy).toBeUndefined();
    expect(describeCase(next).outbox.timeline[0]).toEqual({
      at: later,
      what: 'decided again',
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
  ] as const)('still passes through every guard: %s', (_, context, status, told) => {
    const next = lead(heldBack(), resume, { ...context, now: later });

    expect([next.status, next.ledger, toldOf(next)]).toEqual([status, [], told]);
    expect(next.heldBackBy).toBeUndefined();
  });

  it('is not forgotten because of another violation that is only observed', () => {
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

  it('ends with its violations, and is not judged afterwards', () => {
    const closed = led(heldBack(), alarm({ eventType: 'alarm-cleared', occurredAt: now + 1 }));

    expect([closed.status, closed.dueAt]).toEqual(['closed', undefined]);
    expect(decide(closed, resume, aContext({ now: later })).outcome).toBe('unchanged');
  });

  it('is contained only once, even if an operator was faster', () => {
    const byHand = led(heldBack(), order('contain'));

    expect([byHand.status, byHand.heldBackBy]).toEqual(['contained', undefined]);
  });
});

const unreadable = { killSwitch: { state: 'unknown', reason: 'ThrottlingException: slow down' } } as const;

describe('a kill switch that cannot be read', () => {
  const asked = () => led(undefined, alarm(), unreadable);

  it('prevents containment before people are asked, and is given as the reason', () => {
    const record = lead(undefined, alarm(), unreadable);

    expect([record.status, record.ledger, toldOf(record)]).toEqual([
      'awaiting-approval',
      [],
      ['approval-needed'],
    ]);
    expect(describeCase(record).reason).toBe(
      "the kill switch can't be read (ThrottlingException: slow down), so it may be on",
    );
  });

  it('does not affect things that would not be contained anyway', () => {
    const facts = someFacts({ groups: ['life-support'] });

    expect(lead(undefined, alarm(), { ...unreadable, facts }).status).toBe('observed');
  });

  it.each(['approve', 'contain'] as const)('refuses %s, unless it is forced', (type) => {
    const current = type === 'approve' ? asked() : undefined;
    const decision = decide(current, order(type), aContext(unreadable));
    const reason = decision.outcome === 'unchanged' ? decision.reason : decision.refusal;
    expect(reason && describeRefusal(reason)).toContain('force it if the switch is known to be off');

    const { killSwitch } = unreadable;
    const forced = { ...order(type), force: true };
    expect(killSwitchFor(order(type), killSwitch)).toEqual(killSwitch);
    expect(killSwitchFor(forced, killSwitch)).toEqual({ state: 'off' });
    expect(killSwitchFor(forced, { state: 'on' })).toEqual({ state: 'on' });
  });

  it('keeps the question open until it can be read, and the case is then decided again', () => {
    const days = 3 * 86_400_000;
    const still = lead(asked(), resume, { ...unreadable, now: now + days });
    expect([still.status, still.outbox.announcements]).toEqual(['awaiting-approval', []]);
    expect(lead(still, resume, { ...on, now: now + 2 * days }).status).toBe('awaiting-approval');

    expect(lead(still, resume, { now: now + 2 * days }).status).toBe('contained');
  });

  it('does not reopen a question that a person rejected', () => {
    const rejected = led(asked(), order('reject'));

    expect([rejected.status, rejected.heldBackBy, rejected.dueAt]).toEqual([
      'observed',
      undefined,
      undefined,
    ]);
  });

  it('stops actions that were planned before', () => {
    const planned = decide(undefined, alarm(), aContext());
    if (planned.outcome !== 'changed') throw new Error(describeRefusal(planned.reason));

    const stopped = lead(planned.next, resume, { ...unreadable, now: planned.next.dueAt ?? 0 });
    expect(stopped.ledger.map(({ status }) => status)).toEqual(['planned', 'planned']);
    expect(describeCase(stopped).reason).toMatch(/^not applied, since the kill switch can't be read/);
  });
});

describe('the stored kill switch', () => {
  it('is off if nothing is stored', () => {
    expect(readKillSwitch(undefined)).toEqual({ state: 'off' });
  });

  it.each(['on', 'off'] as const)('can be the word %s, as written by hand', (state) => {
    expect(readKillSwitch(` ${state}\n`)).toEqual({ state });
  });

  it('says who turned it, when and why', () => {
    const turned = {
      state: 'on',
      by: 'ada',
      at: '2026-11-27T02:11:00.123Z',
      reason: 'wrong threshold',
    } as const;

    expect(readKillSwitch(writeKillSwitch(turned))).toEqual(turned);
    expect(describeKillSwitch(turned)).toBe(
      'the kill switch is on, since 2026-11-27T02:11:00.123Z, by ada (wrong threshold)',
    );
    const withheld = findWithheld(turned);
    expect(withheld && describeReason(withheld)).toMatch(/: every action is off$/);
  });

  it.each([
    ['in double braces, which Parameter Store takes for another parameter', 'on {{all}} {{{{things}}}'],
    ['in any script', '警'.repeat(500)],
    ['of emoji', '🚨'.repeat(250)],
    ['with quotes', '"\\'.repeat(250)],
  ])('has a reason %s, and fits a parameter', (_what, reason) => {
    const turned = {
      state: 'on' as const,
      by: reason.slice(0, 256).toWellFormed(),
      at: '2026-11-27T02:11:00.000Z',
      reason,
    };
    const value = writeKillSwitch(turned);

    expect(value).not.toMatch(/\{\{|\}\}/);
    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(4_096);
    expect(readKillSwitch(value)).toEqual(turned);
  });

  it('can be read whoever switched it, and whatever control characters the reason has', () => {
    const value = writeKillSwitch({ state: 'on', by: 'x'.repeat(300), reason: '\u0001\ud800'.repeat(250) });

    expect(Buffer.byteLength(value)).toBeLessThanOrEqual(4_096);
    expect(readKillSwitch(value)).toMatchObject({ state: 'on', by: expect.stringMatching(/^x{255}…$/) });
  });

  it.each([
    '',
    'ON!',
    'yes',
    'true',
    '0',
    '{}',
    '[]',
    'null',
    '{"state":"ON"}',
    '{"state":"off","at":"yesterday"}',
    '{"state":"off","by":7}',
    '{"state":"off"',
    `{"state":"off","reason":"${'x'.repeat(501)}"}`,
    'o\u0000ff',
    'AQICAHh'.repeat(100),
  ])('is unknown, and never off, with the value %j', (value) => {
    const read = readKillSwitch(value);

    expect(read.state).toBe('unknown');
    expect(read.reason?.length).toBeLessThan(200);
    expect(findWithheld(read)).toEqual({ code: 'kill-switch', killSwitch: read });
    expect(describeReason({ code: 'kill-switch', killSwitch: read })).toContain("can't be read");
  });
});
