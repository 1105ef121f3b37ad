import fc from 'fast-check';
import { thingKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';
import type { World } from '../../world';
import { play, type Setting, type Side } from './crashes';
import { alarm, anEngine, caseOf, operator, resume } from './story';

const contained = async (world: World) => {
  await anEngine(world)(alarm(), { id: 'alarm' });
};

const settings: Readonly<Record<string, Setting>> = {
  'an alarm': { prepare: async () => {}, command: alarm() },
  'an alarm of an exempt thing': {
    prepare: async ({ registered }) => void registered.find('mything1').groups.add('life-support'),
    command: alarm(),
  },
  'an alarm whose denial cannot be shown': {
    prepare: async ({ registered }) => void registered.find('mything1').principals.pop(),
    command: alarm(),
  },
  'an alarm of a thing in ten groups': {
    prepare: async ({ registered }) => {
      for (let i = 1; i < 10; i += 1) registered.find('mything1').groups.add(`g${i}`);
    },
    command: alarm(),
  },
  'a second behavior of a contained thing': {
    prepare: contained,
    command: alarm({ behaviorName: 'other', occurredAt: now + 1 }),
  },
  'an order to contain': { prepare: async () => {}, command: operator('contain') },
  'an order to release': { prepare: contained, command: operator('release') },
  'an order to release what somebody changed': {
    prepare: async (world) => {
      world.registered.find('mything1').groups.add('cordon-quarantine');
      await contained(world);
      world.registered.find('mything1').groups.delete('cordon-quarantine');
    },
    command: operator('release'),
  },
  'a dismissal': {
    prepare: async (world) => {
      world.registered.registry.clear();
      await contained(world);
      world.registered.register('mything1');
    },
    command: operator('dismiss'),
  },
  'an alarm after a release': {
    prepare: async (world) => {
      await contained(world);
      await anEngine(world)(operator('release'), { id: 'release' });
    },
    command: alarm({ occurredAt: now + 1 }),
  },
  'a reconnect within the policy cache': {
    prepare: contained,
    command: { type: 'reconnected', thingName: thingKey('mything1'), clientId: 'mything1', connectedAt: now },
  },
  'a look at what is due': {
    prepare: async (world) => {
      await contained(world);
      world.time.now = caseOf(world).dueAt ?? 0;
    },
    command: resume,
  },
};

describe.each(Object.entries(settings))('respond on %s', (_, setting) => {
  it.each(['before', 'after'] as const)(
    'reaches the same end wherever the invocation crashes once, %s a call',
    async (side) => {
      const undisturbed = await play(setting);
      for (let point = 1; point <= undisturbed.calls; point += 1) {
        const { end, crashed } = await play(setting, new Map([[point, side]]));

        expect({ point, end, crashed }).toEqual({ point, end: undisturbed.end, crashed: true });
      }
    },
  );

  it('reaches the same end however often it crashes', async () => {
    const undisturbed = await play(setting);
    const points = fc.dictionary(
      fc.integer({ min: 1, max: 60 }).map(String),
      fc.constantFrom<Side>('before', 'after'),
      { maxKeys: 8 },
    );

    await fc.assert(
      fc.asyncProperty(points, async (chosen) => {
        const at = new Map(Object.entries(chosen).map(([point, side]) => [Number(point), side]));
        expect((await play(setting, at)).end).toEqual(undisturbed.end);
      }),
      { numRuns: 60 },
    );
  });
});
