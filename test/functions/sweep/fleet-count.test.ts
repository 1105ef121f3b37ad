import { now } from '../../builders';
import { fifthMinute, setUp } from './a-sweep';

describe('the sweep', () => {
  it('counts the fleet once an hour, for limits that are a percentage', async () => {
    const { run, fleet } = setUp([], [], { at: fifthMinute });

    await run();

    expect(fleet.size).toEqual({ things: 40, countedAt: fifthMinute });
  });

  it('continues a count that takes longer than a run, and keeps the last result until the count is done', async () => {
    const last = { things: 7, countedAt: now - 3_600_000 };
    const { run, fleet, world } = setUp([], [], { pageMs: 30_000 });
    fleet.size = last;

    await run();
    expect(fleet.size).toEqual({ ...last, counting: { things: 20, next: '2' } });
    await run();

    expect(world.countedFrom).toEqual([undefined, '2']);
    expect(fleet.size).toEqual({ things: 40, countedAt: now + 120_000 });
    await run();
    expect(world.countedFrom).toHaveLength(2);
  });

  it('restarts a count if the registry no longer knows the place', async () => {
    const { run, fleet, world } = setUp([], [], { pageMs: 30_000, refusesToken: true });

    await run();
    await expect(run()).rejects.toThrow('parts of the sweep failed');
    world.refusesToken = false;
    await run();

    expect(world.countedFrom).toEqual([undefined, '2', undefined]);
    expect(fleet.size).toMatchObject({ counting: { things: 20 } });
  });
});
