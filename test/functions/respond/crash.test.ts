import fc from 'fast-check';
import type { Case } from '../../../shared/domain/case';
import type { Command } from '../../../shared/domain/command';
import { now } from '../../builders';
import { aWorld, type Hook, type World } from '../../fakes';
import { alarm, anEngine, caseOf, groupsOf, operator, resume } from './story';

type Side = 'before' | 'after';

/** Ends the invocation at the given calls, counted from 1: before the call, or once it took effect. */
function crashAt(points: ReadonlyMap<number, Side>): Hook {
  let count = 0;
  return async (_call, perform) => {
    count += 1;
    const side = points.get(count);
    if (side === 'before') throw new Error('crashed before the call');
    if (side === undefined) return perform();
    await perform().catch(() => undefined);
    throw new Error('crashed after the call');
  };
}

interface Setting {
  readonly prepare: (world: World) => Promise<void>;
  readonly command: Command;
}

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
    command: { type: 'reconnected', thingName: 'mything1', clientId: 'mything1', connectedAt: now },
  },
  'a look at what is due': {
    prepare: async (world) => {
      await contained(world);
      world.time.now = caseOf(world).dueAt ?? 0;
    },
    command: resume,
  },
};

/** What a step tells depends on whether a former try of the same step had done it already. */
function normalize(detail: string | undefined): string | undefined {
  return detail
    ?.replace('was not connected', 'session of mything1 ended')
    .replace('is not in group', 'left group');
}

function endState(world: World): unknown {
  const { updatedAt: _updatedAt, dueAt, timelineHead: _head, ...record }: Case = caseOf(world);
  return {
    groups: groupsOf(world),
    sessions: [...world.live.sessions.keys()],
    case: {
      ...record,
      due: dueAt !== undefined,
      ledger: record.ledger.map(({ detail, attempts: _attempts, ...entry }) => ({
        ...entry,
        detail: normalize(detail),
      })),
    },
    // Repeats have the same id, so a receiver counts them once.
    told: [...new Set(world.told.map(({ id, kind, text }) => `${id} ${kind} ${text}`))].toSorted(),
    timeline: [...world.stored.timeline].map(([key, { entries, previousHash }]) => ({
      key,
      first: previousHash === '',
      entries: entries.map(({ detail, ...entry }) => ({ ...entry, detail: normalize(detail) })),
    })),
  };
}

/** Plays a setting with crashes; SQS delivers the command until it was handled. Tells how many calls it took. */
async function play(setting: Setting, points: ReadonlyMap<number, Side>) {
  const world = aWorld();
  await setting.prepare(world);
  const engine = anEngine(world, { policyCacheMs: 1_000 });
  world.calls.length = 0;
  world.hook = crashAt(points);
  let deliveries = 0;
  for (let handled = false; !handled; deliveries += 1) {
    if (deliveries > points.size) throw new Error('the command is stuck');
    handled = await engine(setting.command, { id: 'command' }).then(
      () => true,
      () => false,
    );
  }
  const calls = world.calls.length;
  world.hook = (_call, perform) => perform();
  // The sweep takes up what is due, in the undisturbed run as well.
  world.time.now = caseOf(world).dueAt ?? world.time.now;
  await engine(resume, { id: 'sweep' });
  return { calls, crashed: deliveries > 1, end: endState(world) };
}

describe.each(Object.entries(settings))('respond on %s', (_, setting) => {
  it.each(['before', 'after'] as const)(
    'ends the same wherever the invocation crashes once, %s a call',
    async (side) => {
      const undisturbed = await play(setting, new Map());
      for (let point = 1; point <= undisturbed.calls; point += 1) {
        const { end, crashed } = await play(setting, new Map([[point, side]]));

        expect({ point, end, crashed }).toEqual({ point, end: undisturbed.end, crashed: true });
      }
    },
  );

  it('ends the same however often it crashes', async () => {
    const undisturbed = await play(setting, new Map());
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
