import { outlineCase } from '../../../shared/domain/lists/outline';
import { aConfiguration, aPlaybook } from '../../builders';
import { aWorld } from '../../world';
import { alarm, anEngine, caseOf } from './story';

const observing = aConfiguration({ playbooks: [aPlaybook({ mode: 'observe', actions: [] })] });

function aWorldWith(digests: boolean) {
  const world = aWorld();
  Object.assign(world.ports.context, { digests });
  return world;
}

describe('a case that is only recorded', () => {
  it('is announced to other systems, and put into the digest', async () => {
    const world = aWorldWith(true);

    await anEngine(world, { configuration: observing })(alarm());

    expect(world.told).toMatchObject([{ kind: 'observed', quiet: true }]);
    expect(caseOf(world).digestAt).toBe(world.time.now);
    expect(outlineCase(caseOf(world)).digestAt).toBe(world.time.now);
  });

  it('is announced to people by itself without a digest', async () => {
    const world = aWorldWith(false);

    await anEngine(world, { configuration: observing })(alarm());

    expect(world.told.map(({ quiet }) => quiet)).toEqual([undefined]);
    expect(caseOf(world)).not.toHaveProperty('digestAt');
  });

  it('is announced at once if a guard kept it from being contained', async () => {
    const world = aWorldWith(true);
    Object.assign(world, { killSwitch: { state: 'on', by: 'ada' } });

    await anEngine(world)(alarm());

    expect(world.told.map(({ kind, quiet }) => [kind, quiet])).toEqual([['observed', undefined]]);
  });
});
