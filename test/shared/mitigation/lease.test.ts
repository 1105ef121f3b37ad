import fc from 'fast-check';
import { nothing, policyObject } from '../../../shared/domain/actions/lease';
import { thingKey } from '../../../shared/domain/thing-ref';
import { acquireLease, releaseLease } from '../../../shared/mitigation/lease';
import { fakeLeases } from '../../fakes';

const object = policyObject('device');
const names = ['one', 'two', 'three'] as const;
type Name = (typeof names)[number];

/**
 * A call that kills its caller, before or after the call took effect. The caller then starts again from the beginning.
 */
interface Kill {
  readonly call: number;
  readonly isAfter: boolean;
}

const kills = fc.array(fc.record({ call: fc.nat({ max: 30 }), isAfter: fc.boolean() }), { maxLength: 4 });
/** How often each thing is contained and released. */
const lives = fc.record({
  one: fc.integer({ min: 1, max: 2 }),
  two: fc.integer({ min: 0, max: 2 }),
  three: fc.nat({ max: 1 }),
});

/** An object that things deny and give back, each call in the scheduler's order. */
function aSharedObject(scheduler: fc.Scheduler, killed: readonly Kill[]) {
  /** Things whose case holds the object. A case records that before its first call, and until after its last one. */
  const holding = new Set<string>();
  const { rows, leases } = fakeLeases((name) => holding.has(name));
  const state = { isDenied: false, calls: 0 };
  async function call<T>(what: string, act: () => Promise<T> | T): Promise<T> {
    await scheduler.schedule(Promise.resolve(), what);
    state.calls += 1;
    const kill = killed.find((one) => one.call === state.calls);
    if (kill && !kill.isAfter) throw new Error('killed');
    const result = await act();
    if (kill) throw new Error('killed');
    return result;
  }
  const contextOf = (name: Name) => ({
    thingName: thingKey(name),
    leases: {
      load: (key: Parameters<typeof leases.load>[0]) => call(`${name} loads`, () => leases.load(key)),
      save: (...args: Parameters<typeof leases.save>) => call(`${name} saves`, () => leases.save(...args)),
      remove: (...args: Parameters<typeof leases.remove>) =>
        call(`${name} removes`, () => leases.remove(...args)),
    },
  });
  const set = (name: Name, isDenied: boolean) =>
    call(`${name} ${isDenied ? 'denies' : 'restores'}`, () => {
      state.isDenied = isDenied;
    });
  /** As a queue delivers again what fails. */
  async function untilDone(act: () => Promise<void>): Promise<void> {
    for (let attempt = 0; attempt <= killed.length; attempt += 1) {
      try {
        return await act();
      } catch (error) {
        if (!(error instanceof Error && error.message === 'killed')) throw error;
      }
    }
    throw new Error('never done');
  }
  return {
    rows,
    state,
    async contain(name: Name) {
      holding.add(thingKey(name));
      await untilDone(async () => {
        await acquireLease(object, nothing, contextOf(name));
        await set(name, true);
      });
    },
    async release(name: Name) {
      await untilDone(async () => {
        await releaseLease(object, contextOf(name), {
          // As with a certificate: without a lease, the present state may be somebody else's, so it stays.
          restore: async (lease) => {
            if (lease) await set(name, false);
            return undefined;
          },
          hold: () => set(name, true),
        });
      });
      holding.delete(thingKey(name));
    },
  };
}

describe('a repeated release whose thing has already given up its lease', () => {
  /** Another thing takes the object in the middle of the restore. */
  function aRelease() {
    const { leases } = fakeLeases();
    const contextOf = (name: Name) => ({ thingName: thingKey(name), leases });
    const state = { isDenied: false };
    const hold = async () => {
      state.isDenied = true;
    };
    const restore = async (): Promise<undefined> => {
      await acquireLease(object, nothing, contextOf('one'));
      state.isDenied = false;
    };
    return { state, hold, restore, context: contextOf('two') };
  }

  it('holds the object again for a thing that takes it meanwhile', async () => {
    const { state, hold, restore, context } = aRelease();

    const { heldBy } = await releaseLease(object, context, { restore, hold });

    expect({ ...state, heldBy }).toEqual({ isDenied: true, heldBy: [thingKey('one')] });
  });

  it('does so as well if it is killed after the restore, and repeated once more', async () => {
    const { state, hold, restore, context } = aRelease();
    let isRestored = false;
    const load: typeof context.leases.load = (key) => {
      if (isRestored) throw new Error('killed');
      return context.leases.load(key);
    };
    const killed = { ...context, leases: { ...context.leases, load } };
    const andDie = async (): Promise<undefined> => {
      await restore();
      isRestored = true;
    };
    await expect(releaseLease(object, killed, { restore: andDie, hold })).rejects.toThrow('killed');

    await releaseLease(object, context, { restore, hold });

    expect(state.isDenied).toBe(true);
  });
});

describe('an object that things share', () => {
  it('is as before once nothing holds it, at whichever call an invocation is killed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), lives, kills, async (scheduler, counts, killed) => {
        const { rows, state, contain, release } = aSharedObject(scheduler, killed);
        const live = async (name: Name) => {
          for (let life = 0; life < counts[name]; life += 1) {
            await contain(name);
            await release(name);
          }
        };
        await scheduler.waitFor(Promise.all(names.map(live)));

        expect({ isDenied: state.isDenied, rows: [...rows.keys()] }).toEqual({ isDenied: false, rows: [] });
      }),
      { numRuns: 100 },
    );
  });

  it('stays denied while one thing holds it, whichever other things take it, leave it or are killed meanwhile', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), lives, kills, async (scheduler, counts, killed) => {
        const { state, contain, release } = aSharedObject(scheduler, killed);
        const live = async (name: Name) => {
          for (let life = 0; life < counts[name]; life += 1) {
            await contain(name);
            if (name !== 'one' || life + 1 < counts.one) await release(name);
          }
        };
        await scheduler.waitFor(Promise.all(names.map(live)));

        expect(state.isDenied).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});
