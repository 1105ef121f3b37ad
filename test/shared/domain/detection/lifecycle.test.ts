import { followPresence, type LifecycleEvent } from '../../../../shared/domain/detection/lifecycle';
import type { PresenceState } from '../../../../shared/domain/detection/state';

const app = 'mything1';
const agent = 'mything1-cordon';

/** `app+1@10`: the first session of a client begins at a time; `app-1@20`: it ends. */
function parse(text: string): LifecycleEvent {
  const [, who = '', sign, session, at] = /^(\w+)([+-])(\d)@(\d+)$/.exec(text) ?? [];
  return {
    clientId: who === 'app' ? app : agent,
    thingName: 'mything1',
    eventType: sign === '+' ? 'connected' : 'disconnected',
    timestamp: Number(at),
    sessionIdentifier: `${who}${session}`,
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
  ])('counts a thing as connected while one of its clients is: %s', (events, disconnectedAt) => {
    expect(follow(events)?.disconnectedAt).toBe(disconnectedAt);
  });

  it('continues from a state that did not distinguish clients', () => {
    const before: PresenceState = { sessionId: 'app1', connectedAt: 10, seen: ['connected:app1'] };

    expect(followPresence(before, parse('app-1@20')).disconnectedAt).toBe(20);
    expect(followPresence(before, parse('agent+1@11')).disconnectedAt).toBeUndefined();
  });
});
