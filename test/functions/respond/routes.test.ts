import type { Route } from '../../../shared/domain/messages/routing';
import { thingKey } from '../../../shared/domain/thing-ref';
import { aConfiguration, now } from '../../builders';
import { aWorld, type World } from '../../world';
import { alarm, anEngine, caseOf, operator } from './story';

const hour = 3_600_000;
const minuteOfDay = Math.floor(now / 60_000) % 1_440;
const days = [0, 1, 2, 3, 4, 5, 6];
/** The hour that begins now, and the rest of the day. */
const routes: Route[] = [
  { hours: { from: minuteOfDay, to: (minuteOfDay + 60) % 1_440, days, timeZone: 'UTC' }, to: ['slack'] },
  { to: ['pagerduty'] },
];

function aRoutedWorld(): World {
  const world = aWorld();
  Object.assign(world.ports.context, { routes });
  return world;
}

const heard = ({ told }: World) => told.map(({ kind, channels }) => [kind, channels]);

describe('the messages of a case', () => {
  it('also reach each channel that showed the case, once another route applies', async () => {
    const world = aRoutedWorld();
    const engine = anEngine(world);

    await engine(alarm());
    world.time.now += 2 * hour;
    await engine(operator('release'));

    expect(heard(world)).toEqual([
      ['contained', ['slack']],
      ['released', ['slack', 'pagerduty']],
    ]);
    expect(caseOf(world).toldTo).toEqual(['slack', 'pagerduty']);
  });

  it('go to the same channels when the function was killed before it recorded the announcement', async () => {
    const world = aRoutedWorld();
    const engine = anEngine(world);
    world.hook = async (name, perform) => {
      if (name === 'cases.save' && world.told.length === 1) throw new Error('killed');
      return perform();
    };

    await expect(engine(alarm(), { id: 'alarm' })).rejects.toThrow('killed');
    world.hook = (_, perform) => perform();
    world.time.now += 2 * hour;
    await engine(alarm(), { id: 'alarm', attempt: 2 });

    expect(heard(world)).toEqual([
      ['contained', ['slack']],
      ['contained', ['slack']],
    ]);
  });

  it('name no channels if cordon.yml has no routes', async () => {
    const world = aWorld();

    await anEngine(world)(alarm());

    expect(heard(world)).toEqual([['contained', undefined]]);
    expect(caseOf(world)).not.toHaveProperty('toldTo');
  });

  it('that ask for a second person go to the channels of approvals, in any status of the case', async () => {
    const world = aWorld();
    Object.assign(world.ports.context, {
      routes: [{ status: ['awaiting-approval'], to: ['slack'] }, { to: ['email'] }],
    });
    const configuration = aConfiguration();
    const engine = anEngine(world, {
      configuration: { ...configuration, guards: { ...configuration.guards, fourEyes: true } },
    });

    await engine(alarm());
    await engine({
      ...{ type: 'harden', thingName: thingKey('mything1'), actor: 'ada', comment: 'more' },
      ...{ actions: ['deactivate-certificate'], person: 'oidc:ada' },
    });

    expect(heard(world)).toEqual([
      ['contained', ['email']],
      ['second-person', ['email', 'slack']],
    ]);
  });
});

describe('a question for approval', () => {
  it('says until when somebody may answer', async () => {
    const world = aWorld();
    const configuration = aConfiguration();
    const playbooks = configuration.playbooks.map((one) => ({ ...one, mode: 'approve' as const }));
    await anEngine(world, { configuration: { ...configuration, playbooks } })(alarm());

    expect(world.told[0]?.text).toMatch(
      /^playbook spawned-child asks before it acts; the request expires at \d{4}-\d\d-\d\d \d\d:\d\d UTC$/,
    );
  });
});
