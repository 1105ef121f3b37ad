import type { MqttClient } from 'mqtt';
import { createSubscriber } from '../../../agent/mqtt/subscriber';

/** Asks on connections that end before an answer comes, and gives the topics that are asked for on each. */
function ask(ends: readonly ('broker' | 'agent')[], everyMs = 1000): readonly string[] {
  const asked: string[] = [];
  const client = { subscribe: (topic: string) => asked.push(topic) } as unknown as MqttClient;
  let now = 0;
  const subscriber = createSubscriber(
    ['accepted', 'rejected'],
    () => undefined,
    () => now,
  );
  for (const by of ends) {
    now += everyMs;
    subscriber.subscribe(client);
    subscriber.noteEnd(by);
  }
  return asked;
}

describe('a subscription', () => {
  it('is not repeated once the broker has ended two connections instead of answering', () => {
    expect(ask(['broker', 'broker', 'broker', 'broker', 'broker'])).toEqual([
      'accepted',
      'accepted',
      'rejected',
      'rejected',
    ]);
  });

  it('is repeated an hour later, because the broker may have ended every connection for a while', () => {
    expect(ask(Array(7).fill('broker'), 1_200_000)).toEqual([
      ...['accepted', 'accepted', 'rejected', 'rejected'],
      // An hour after the second end of the first, and so on.
      ...['accepted', 'accepted', 'rejected'],
    ]);
  });

  it('is repeated if the agent ended the connection, because a lost network refuses nothing', () => {
    expect(ask(['agent', 'agent', 'broker', 'agent', 'agent'])).toEqual(Array(5).fill('accepted'));
  });
});
