import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';
import type { World } from '../../world';
import { allActions, aWorldWithPolicies, withActions } from './all-actions-world';
import { play, type Setting } from './crashes';
import { alarm, anEngine, operator } from './story';

const all = withActions(allActions);
const byDefender = alarm({ detector: 'device-defender' });
const withTask = withActions(['quarantine', 'detect-mitigation-task', 'disconnect']);

const contained =
  (options = all, command = alarm()) =>
  async (world: World) => {
    await anEngine(world, options)(command, { id: 'alarm' });
  };

const settings: Readonly<Record<string, Setting>> = {
  'an alarm': { options: all, prepare: async () => {}, command: alarm() },
  'a release': { options: all, prepare: contained(), command: operator('release') },
  'an alarm if the policy is full': {
    world: () => aWorldWithPolicies({ full: true }),
    options: all,
    prepare: async () => {},
    command: alarm(),
  },
  'a release if the policy was full': {
    world: () => aWorldWithPolicies({ full: true }),
    options: all,
    prepare: contained(),
    command: operator('release'),
  },
  'an alarm if one action is refused': {
    options: all,
    prepare: async ({ registered }) => {
      for (let i = 1; i < 10; i += 1) registered.find('mything1').groups.add(`g${i}`);
    },
    command: alarm(),
  },
  'a release if the certificate was revoked and the policy changed': {
    options: all,
    prepare: async (world) => {
      await contained()(world);
      world.certificates.statuses.set('a'.repeat(64), 'REVOKED');
      await world.policies.policies.createVersion('device', 'theirs', true);
    },
    command: operator('release'),
  },
  'a second release, once the conflict is out of the way': {
    options: all,
    prepare: async (world) => {
      await contained()(world);
      await world.policies.policies.createVersion('device', 'theirs', true);
      await anEngine(world, all)(operator('release'), { id: 'first' });
      await world.policies.policies.setDefaultVersion('device', '1');
    },
    command: operator('release'),
  },
  'an alarm that starts a task of Device Defender': {
    options: withTask,
    prepare: async () => {},
    command: byDefender,
  },
  'the release after such a task': {
    options: withTask,
    prepare: contained(withTask, byDefender),
    command: operator('release'),
  },
  'a dismissal of what Device Defender found': {
    options: withActions([], { mode: 'observe' }),
    prepare: contained(withActions([], { mode: 'observe' }), byDefender),
    command: operator('dismiss'),
  },
  'a release by time': {
    options: withActions(allActions, { release: { after: 60_000 } }),
    prepare: async (world) => {
      await contained(withActions(allActions, { release: { after: 60_000 } }))(world);
      world.time.now = now + 60_000;
    },
    command: { type: 'resume', thingName: thingKey('mything1') },
  },
};

describe.each(Object.entries(settings))('respond, with all actions, on %s', (_, setting) => {
  const armed = { world: aWorldWithPolicies, ...setting };

  it.each(['before', 'after'] as const)(
    'reaches the same end wherever the invocation crashes once, %s a call',
    async (side) => {
      const undisturbed = await play(armed);
      for (let point = 1; point <= undisturbed.calls; point += 1) {
        const { end, crashed } = await play(armed, new Map([[point, side]]));

        expect({ point, end, crashed }).toEqual({ point, end: undisturbed.end, crashed: true });
      }
    },
  );

  it('reaches the same end if it crashes after every second call', async () => {
    const undisturbed = await play(armed);
    const points = Array.from({ length: undisturbed.calls }, (_, index) => [index * 2 + 2, 'after'] as const);

    expect((await play(armed, new Map(points))).end).toEqual(undisturbed.end);
  });
});
