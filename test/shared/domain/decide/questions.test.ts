import { resolve } from '../../../../shared/domain/asking';
import type { Command } from '../../../../shared/domain/decide/command';
import * as rules from '../../../../shared/domain/decide/decide';
import { thingKey } from '../../../../shared/domain/thing-ref';
import {
  aConfiguration,
  aContext,
  aPlaybook,
  aViolation,
  decide,
  listQuestions,
  now,
  type Situation,
  someFacts,
} from '../../../builders';
import { alarm, led, order, resume } from '../lead-case';

const foreign = { reporter: { clientId: 'mything1', principal: 'b'.repeat(64) } };
const clear: Command = {
  type: 'violation',
  thingName: thingKey('mything1'),
  violation: aViolation({ eventType: 'alarm-cleared', occurredAt: now + 1 }),
};
const held = () => led(undefined, alarm());
const limited: Partial<Situation> = { fleetLimitReached: true };
const watching = aConfiguration({ playbooks: [aPlaybook({ mode: 'observe', actions: [] })] });
const asking = aConfiguration({ playbooks: [aPlaybook({ mode: 'approve' })] });

describe('a decision', () => {
  it.each<[string, Parameters<typeof led>, readonly string[]]>([
    ['an alarm that contains: the facts, then a place', [undefined, alarm()], ['facts', 'reservation']],
    [
      'an alarm beyond the fleet limit: also whether it is announced',
      [undefined, alarm(), limited],
      ['facts', 'reservation', 'fleetNotice'],
    ],
    ['an alarm that is only watched: no place', [undefined, alarm(), { configuration: watching }], ['facts']],
    [
      'an alarm that waits for approval: no place',
      [undefined, alarm(), { configuration: asking }],
      ['facts'],
    ],
    [
      'an alarm of an exempt thing: no place',
      [undefined, alarm(), { facts: someFacts({ groups: ['life-support'] }) }],
      ['facts'],
    ],
    ['an alarm by another certificate: who holds it', [undefined, alarm(foreign)], ['facts', 'holders']],
    ['a repeated alarm: nothing', [held(), alarm()], []],
    [
      'another behavior of a thing held hard enough: nothing',
      [held(), alarm({ behaviorName: 'other', occurredAt: now + 1 })],
      [],
    ],
    ['a clear by the thing itself: nothing', [held(), clear], []],
    ['a release: nothing', [held(), order('release')], []],
    ['an operator who contains a held thing: nothing', [held(), order('contain')], []],
    ['an operator who contains: the facts, and no place', [undefined, order('contain')], ['facts']],
    [
      'a look at a contained thing before it is due: nothing',
      [held(), { ...resume, early: false } as Command],
      [],
    ],
    [
      'an early look at one: the facts',
      [held(), { type: 'resume', thingName: thingKey('mything1'), early: true }],
      ['facts'],
    ],
  ])('asks only what it needs, for %s', (_, [current, command, over], expected) => {
    expect(listQuestions(current, command, aContext(over))).toEqual(expected);
  });

  it('asks each question once, even if a held-back case judges several violations', () => {
    const off = { killSwitch: { state: 'on' } } as const;
    const first = led(undefined, alarm(), off);
    const both = led(first, alarm({ behaviorName: 'other', violationId: 'v2' }), off);
    const later = { ...limited, now: now + 5 * 60_000 };

    expect(listQuestions(both, resume, aContext(later))).toEqual(['facts', 'reservation', 'fleetNotice']);
  });

  it('is the same whether its answers arrive at once or later', async () => {
    const situation = aContext();
    const { facts } = situation;

    const resolved = await resolve(rules.decide(undefined, alarm(), situation), {
      facts: async () => facts,
      holders: async () => [],
      reservation: async () => true,
      fleetNotice: async () => true,
    });

    expect(resolved).toEqual(decide(undefined, alarm(), situation));
  });

  it('fails with the fault of a question without an answer, so that the command is delivered again', async () => {
    const decision = resolve(rules.decide(undefined, alarm(), aContext()), {
      facts: () => Promise.reject(new Error('throttled')),
      holders: () => [],
      reservation: () => true,
      fleetNotice: () => true,
    });

    await expect(decision).rejects.toThrow('throttled');
  });
});
