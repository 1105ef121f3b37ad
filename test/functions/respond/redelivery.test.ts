import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { now } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies, withActions } from './all-actions-world';
import { alarm, anEngine, caseOf, resume } from './story';

const policyCacheMs = 480_000;
const { configuration } = withActions(['quarantine', 'disconnect']);

/** Contained, with a certificate that others use, so that each connect is cut. */
async function aCutWorld() {
  const world = aWorldWithPolicies();
  world.registered.register('mything2');
  const engine = anEngine(world, { policyCacheMs, configuration });
  await engine(alarm());
  return { world, engine };
}

const busyWith = (world: World, name: string) => {
  world.hook = (call, perform) =>
    call === name ? Promise.reject(awsError('ThrottlingException')) : perform();
};
const atRest = (world: World) => {
  world.hook = (_call, perform) => perform();
};
const reconnected = {
  type: 'reconnected',
  thingName: thingKey('mything1'),
  clientId: 'mything1',
} as const;

describe('a command that is delivered again, since AWS was too busy for one of its steps,', () => {
  it.each([
    ['news of a connect', now + 1],
    ['news of a connect that seems to be older than the last cut', now - 1],
  ])('cuts the session if it is %s', async (_what, connectedAt) => {
    const { world, engine } = await aCutWorld();
    world.time.now += 10;
    world.live.sessions.set('mything1', connectedAt);
    busyWith(world, 'connections.cut');
    await expect(engine({ ...reconnected, connectedAt }, { id: 'r' })).rejects.toThrow();
    expect(world.live.sessions.size).toBe(1);

    atRest(world);
    await engine({ ...reconnected, connectedAt }, { id: 'r', attempt: 2 });
    expect(world.live.sessions.size).toBe(0);
  });

  it('applies a lost denial again if the sweep sent it', async () => {
    const { world, engine } = await aCutWorld();
    const { groups } = world.registered.find('mything1');
    groups.delete('cordon-quarantine');
    for (const id of ['found', 'mended']) {
      world.time.now = caseOf(world).dueAt ?? Number.NaN;
      if (id === 'mended') busyWith(world, 'things.addToGroup');
      await engine(resume, { id }).catch(() => undefined);
    }
    expect([...groups]).toEqual(['sensors']);

    atRest(world);
    await engine(resume, { id: 'mended', attempt: 2 });
    expect([...groups]).toEqual(['sensors', 'cordon-quarantine']);
  });

  it('does nothing more if every step was done', async () => {
    const { world, engine } = await aCutWorld();
    const calls = world.calls.length;
    await engine(alarm(), { id: 'auto-0', attempt: 2 });
    expect(world.calls.slice(calls)).toEqual(['cases.load']);
  });
});
