import fc from 'fast-check';
import type { Command } from '../../../shared/domain/decide/command';
import { groupBy } from '../../../shared/domain/group-by';
import { awsError } from '../../aws-error';
import { aConfiguration, certificateArn, now } from '../../builders';
import { aWorld } from '../../world';
import { alarm, anEngine, caseOf, groupsOf } from './story';

/** A mailbox per thing, as an SQS FIFO queue has it: in order, each message until it was handled, things in parallel. */
async function drain(
  commands: readonly (readonly [Command, string])[],
  handle: (command: Command, delivery: { id: string; attempt: number }) => Promise<void>,
): Promise<void> {
  const mailboxes = groupBy(commands, ([{ thingName }]) => thingName);
  await Promise.all(
    [...mailboxes.values()].map(async (mailbox) => {
      for (const [command, id] of mailbox)
        for (let attempt = 1; ; attempt += 1) {
          if (attempt > 50) throw new Error('stuck');
          const handled = await handle(command, { id, attempt: 1 }).then(
            () => true,
            () => false,
          );
          if (handled) break;
        }
    }),
  );
}

/** Numbers of 0 to 99, the same for the same seed (Park and Miller's generator). */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state % 100;
  };
}

describe('respond, in a storm,', () => {
  it('loses no alert and acts on no thing twice, with 20 % repeats, shuffled, and 10 % of calls throttled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 2 ** 31 - 2 }), async (seed) => {
        const roll = dice(seed);
        const world = aWorld();
        const names = Array.from({ length: 40 }, (_, index) => `thing${index}`);
        for (const name of names)
          world.registered.register(name, { principals: [certificateArn.replaceAll('a'.repeat(64), name)] });
        const events = names.flatMap((thingName) =>
          ['a', 'b', 'c', 'd'].map((behaviorName, index) =>
            alarm({ thingName, behaviorName, occurredAt: now + index }),
          ),
        );
        const sent = events.flatMap((event) => (roll() < 20 ? [event, event] : [event]));
        const order = sent.map((event) => ({ event, at: roll() })).toSorted((x, y) => x.at - y.at);
        world.hook = async (_call, perform) => {
          if (roll() >= 10) return perform();
          // The answer may be lost as well as the call.
          if (roll() < 50) await perform();
          throw awsError('ThrottlingException');
        };
        const limit = { things: 1_000, within: 600_000 };
        const engine = anEngine(world, {
          configuration: aConfiguration({ guards: { ...aConfiguration().guards, fleetLimit: limit } }),
        });

        await drain(
          order.map(({ event }, index) => [event, `message-${index}`] as const),
          engine,
        );

        for (const name of names) {
          const record = caseOf(world, name);
          expect([record.status, Object.keys(record.violations).length]).toEqual(['contained', 4]);
          expect(record.outbox).toEqual({ announcements: [], timeline: [] });
          expect(groupsOf(world, name)).toEqual(['sensors', 'cordon-quarantine']);
          const told = world.told.filter(({ thingName, kind }) => thingName === name && kind === 'contained');
          expect(new Set(told.map(({ id }) => id)).size).toBe(1);
        }
      }),
      { numRuns: 5 },
    );
  });
});
