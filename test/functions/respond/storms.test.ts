import { outlineCase } from '../../../shared/domain/lists/outline';
import { noteOpened, type StormState } from '../../../shared/domain/messages/storm';
import { thingKey } from '../../../shared/domain/thing-ref';
import type { JoinStorm } from '../../../shared/ports/storage';
import { awsError } from '../../aws-error';
import { aConfiguration, anAuditFinding, anExternalFinding, aPlaybook, certificateArn } from '../../builders';
import { aWorld } from '../../world';
import { alarm, anEngine, caseOf, operator } from './story';

function setUp(over: Parameters<typeof aConfiguration>[0] = {}) {
  const world = aWorld();
  const kept = new Map<string, StormState>();
  const storms: JoinStorm = {
    async join(behavior, opened) {
      const { storm, next } = noteOpened(kept.get(behavior) ?? { opened: [], storms: [] }, opened, {
        cases: 5,
        within: 600_000,
      });
      if (next) kept.set(behavior, next);
      return storm;
    },
    covers: async ({ behavior, id }) =>
      kept.get(behavior)?.storms.some((storm) => storm.id === id && !storm.over) ?? false,
  };
  Object.assign(world.ports, { storms });
  const names = Array.from({ length: 8 }, (_, index) => `thing${index}`);
  for (const name of names)
    world.registered.register(name, { principals: [certificateArn.replaceAll('a'.repeat(64), name)] });
  const limit = { things: 100, within: 600_000 };
  const engine = anEngine(world, {
    configuration: aConfiguration({ guards: { ...aConfiguration().guards, fleetLimit: limit }, ...over }),
  });
  const strike = async (attempts = 1) => {
    for (const thingName of names)
      for (let attempt = 1; attempt <= attempts; attempt += 1)
        await engine(alarm({ thingName }), { id: thingName, attempt }).catch(() => undefined);
  };
  const toldOf = (name: string) =>
    world.told.flatMap(({ thingName, kind, quiet }) =>
      thingName === name ? [quiet ? `(${kind})` : kind] : [],
    );
  const end = () => {
    for (const [behavior, state] of kept)
      kept.set(behavior, { ...state, storms: state.storms.map((storm) => ({ ...storm, over: true })) });
  };
  return { world, engine, strike, toldOf, names, kept, end };
}

const last = 'thing7';

describe('the cases of a storm', () => {
  it.each([
    ['of one audit check', (index: number) => anAuditFinding({ resource: `${index}`.repeat(64) }), false],
    ['of one sender', (index: number) => anExternalFinding({ violationId: `f${index}` }), false],
    [
      'of senders that are different',
      (index: number) => anExternalFinding({ violationId: `f${index}`, source: `siem${index}` }),
      true,
    ],
  ])('are counted by what they have in common: %s', async (_, finding, isEachTold) => {
    const { engine, world, toldOf, names } = setUp();
    Object.assign(world.ports.context, { digests: false });

    for (const [index, thingName] of names.entries())
      await engine({
        type: 'violation',
        thingName: thingKey(thingName),
        violation: { ...finding(index), thingName },
      });

    expect(names.filter((name) => toldOf(name).includes('observed'))).toHaveLength(isEachTold ? 8 : 5);
    expect(toldOf(last)).toEqual([isEachTold ? 'observed' : '(observed)']);
  });

  it('are contained and announced to other systems, and to people until it is known to be a storm', async () => {
    const { world, strike, toldOf, names } = setUp();

    await strike();

    expect(names.map((name) => caseOf(world, name).status)).toEqual(Array(8).fill('contained'));
    expect(names.map((name) => toldOf(name))).toEqual([
      ...Array(5).fill(['contained']),
      ...Array(3).fill(['(contained)']),
    ]);
    expect(outlineCase(caseOf(world, last)).storm).toMatch(/^storm-/);
    expect(outlineCase(caseOf(world, 'thing0'))).not.toHaveProperty('storm');
  });

  it('have messages of their own only after the end of the storm, whose message covers them until then', async () => {
    const { engine, strike, toldOf, end } = setUp();
    await strike();

    await engine(operator('release', last));
    end();
    await engine(operator('release', 'thing6'));

    expect(toldOf(last)).toEqual(['(contained)', '(released)']);
    expect(toldOf('thing6')).toEqual(['(contained)', 'released']);
  });

  it('are announced to people if one needs somebody, and from then on', async () => {
    const { world, engine, strike, toldOf } = setUp();
    world.hook = (call, perform) =>
      /^(things.addToGroup|policies.attach)/.test(call)
        ? Promise.reject(awsError('UnauthorizedException'))
        : perform();
    await strike();
    expect(caseOf(world, last).status).toBe('containment-failed');
    expect(toldOf(last).at(-1)).toBe('containment-failed');

    world.hook = (_call, perform) => perform();
    await engine(operator('release', last));

    expect(toldOf(last).at(-1)).toBe('released');
  });

  it('that wait for approval are quiet as well', async () => {
    const { strike, toldOf } = setUp({ playbooks: [aPlaybook({ mode: 'approve' })] });

    await strike();

    expect(toldOf('thing4')).toEqual(['approval-needed']);
    expect(toldOf(last)).toEqual(['(approval-needed)']);
  });

  it('that are only recorded are no part of it, as the digest lists them', async () => {
    const { world, strike, kept } = setUp({ playbooks: [aPlaybook({ mode: 'observe', actions: [] })] });
    Object.assign(world.ports.context, { digests: true });

    await strike();

    expect(kept.size).toBe(0);
  });

  it('are announced once, however often a run is killed at its first news', async () => {
    const { world, strike, toldOf } = setUp();
    let calls = 0;
    world.hook = async (call, perform) => {
      const answer = await perform();
      if (call.startsWith('announcer')) calls += 1;
      if (call.startsWith('announcer') && calls % 2 === 1) throw awsError('ThrottlingException');
      return answer;
    };

    await strike(2);

    expect(new Set(toldOf('thing0'))).toEqual(new Set(['contained']));
    expect(new Set(toldOf(last))).toEqual(new Set(['(contained)']));
    expect(caseOf(world, last).outbox.announcements).toEqual([]);
  });
});
