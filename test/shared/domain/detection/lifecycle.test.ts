import fc from 'fast-check';
import { followPresence, type LifecycleEvent } from '../../../../shared/domain/detection/lifecycle';
import type { PresenceState } from '../../../../shared/domain/detection/state';

const app = 'mything1';
const agent = 'mything1-cordon';

/** `app+1@10`: the first session of a client begins at a time; `app-1@20`: it ends; `app~1@20`: as the client's next one begins. */
function parse(text: string): LifecycleEvent {
  const [, who = '', sign, session, at] = /^(\w+)([-+~])(\d)@(\d+)$/.exec(text) ?? [];
  return {
    clientId: who === 'app' ? app : agent,
    thingName: 'mything1',
    eventType: sign === '+' ? 'connected' : 'disconnected',
    timestamp: Number(at),
    sessionIdentifier: `${who}${session}`,
    ...(sign === '~' && { disconnectReason: 'DUPLICATE_CLIENTID' }),
  };
}

const follow = (texts: string) =>
  texts.split(' ').map(parse).reduce<PresenceState | undefined>(followPresence, undefined);

describe('followPresence', () => {
  it.each([
    ['app+1@10', undefined],
    ['app+1@10 app-1@20', 20],
    ['app+1@10 agent+1@11 app-1@20', undefined],
    ['app+1@10 agent+1@11 agent-1@20', undefined],
    ['app+1@10 agent+1@11 app-1@20 agent-1@30', 30],
    ['app+1@10 agent+1@11 agent-1@20 app-1@30', 30],
    ['app+1@10 agent+1@9 app-1@20', undefined],
    ['app+1@10 agent+1@9 app-1@20 agent-1@30', 30],
    ['app+1@10 agent+1@11 app+2@20 app-1@21 app-2@30', undefined],
    ['app+1@10 agent+1@11 app+2@20 app-1@21 app-2@30 agent-1@40', 40],
    ['app-1@20 app+1@10', 20],
    ['app+1@10 app+2@15 app-1@20', undefined],
    ['app+1@10 app-1@20 agent+1@15', undefined],
    ['app+1@10 app-1@20 agent+1@9', undefined],
    ['app+1@10 app-1@20 agent+1@9 agent-1@30', 30],
    ['app+1@10 app-1@20 agent-1@30 agent+1@9', 30],
    ['app+1@10 agent-1@20 agent+1@9', undefined],
    ['agent+2@20 app+1@30 agent+1@10 agent~1@21 app-1@40', undefined],
  ])('counts a thing as connected while one of its clients is: %s', (events, disconnectedAt) => {
    expect(follow(events)?.disconnectedAt).toBe(disconnectedAt);
  });

  it('ends with the truth, in whatever order and however often the events arrive', () => {
    const step = fc.record({
      who: fc.constantFrom('app', 'agent'),
      connects: fc.boolean(),
      gap: fc.integer({ min: 2, max: 50 }),
      delays: fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 2 }),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 10 }), (steps) => {
        const open = new Map<string, number>();
        const sent: (readonly [text: string, arrivesAt: number])[] = [];
        let at = 10;
        for (const [session, { who, connects, gap, delays }] of steps.entries()) {
          at += gap;
          const before = open.get(who);
          const ended = before === undefined ? [] : [`${who}${connects ? '~' : '-'}${before}@${at + 1}`];
          for (const text of connects ? [`${who}+${session}@${at}`, ...ended] : ended)
            for (const delay of delays) sent.push([text, at + delay]);
          if (connects) open.set(who, session);
          else open.delete(who);
        }
        const arrived = sent.toSorted(([, a], [, b]) => a - b).map(([text]) => text);
        if (arrived.length === 0) return;

        expect(follow(arrived.join(' '))?.disconnectedAt === undefined).toBe(open.size > 0);
      }),
      { numRuns: 500 },
    );
  });

  it('continues from a state that did not distinguish clients', () => {
    const before: PresenceState = { sessionId: 'app1', connectedAt: 10, seen: ['connected:app1'] };

    expect(followPresence(before, parse('app-1@20')).disconnectedAt).toBe(20);
    expect(followPresence(before, parse('agent+1@11')).disconnectedAt).toBeUndefined();
  });
});
