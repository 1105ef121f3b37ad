import type { Command } from '../../../shared/domain/decide/command';
import { thingKey } from '../../../shared/domain/thing-ref';
import { awsError } from '../../aws-error';
import { aWorld } from '../../world';
import { alarm, anEngine, caseOf, operator, resume } from './story';

const minute = 60_000;

/** A containment that AWS refuses, which the sweep tries again each minute. */
async function aFailed() {
  const world = aWorld();
  const engine = anEngine(world);
  world.hook = (name, perform) =>
    name === 'things.addToGroup' ? Promise.reject(awsError('UnauthorizedException')) : perform();
  await engine(alarm());
  const pass = async (minutes: number) => {
    for (let count = 0; count < minutes; count += 1) {
      world.time.now += minute;
      await engine(resume);
    }
  };
  const startedAt = world.time.now;
  /** Minutes after the failure, and the text. */
  const told = () =>
    world.told
      .filter(({ kind }) => kind === 'containment-failed')
      .map(({ at, text, reminder }) => ({ minutes: Math.round((at - startedAt) / minute), text, reminder }));
  return { world, engine, pass, told };
}

const note = (type: 'comment' | 'assign', over: object = {}): Command => ({
  ...{ type, thingName: thingKey('mything1'), actor: 'ada', comment: 'I look at it' },
  ...over,
});

describe('a failed containment', () => {
  it('is announced again until somebody takes it, at growing intervals, and the last reminder says so', async () => {
    const { world, pass, told } = await aFailed();
    expect(caseOf(world).status).toBe('containment-failed');

    await pass(24 * 60);

    expect(told().map(({ minutes, reminder }) => [minutes, reminder])).toEqual([
      [0, undefined],
      [15, 1],
      [45, 2],
      [105, 3],
      [225, 4],
      [465, 5],
    ]);
    expect(told()[1]?.text).toMatch(
      /^nobody has taken it since \d\d:\d\d:\d\d UTC; announced again in 30 minutes, unless somebody comments, is assigned or acts; /,
    );
    expect(told()[5]?.text).toMatch(/^nobody has taken it since [^;]+; this is the last reminder/);
  });

  it.each([
    ['is assigned', note('assign')],
    ['comments', note('comment')],
    [
      'tries something that is refused',
      { ...note('comment'), type: 'harden', actions: ['deny-certificate'] } as Command,
    ],
  ])('is not announced again once somebody %s', async (_, command) => {
    const { engine, pass, told } = await aFailed();

    await pass(20);
    await engine(command);
    await pass(600);

    expect(told().map(({ minutes }) => minutes)).toEqual([0, 15]);
  });

  it('is announced from the start again when it is given back', async () => {
    const { engine, pass, told } = await aFailed();

    await engine(note('assign'));
    await pass(60);
    await engine(note('assign', { assignee: '' }));
    await pass(20);

    expect(told().map(({ minutes }) => minutes)).toEqual([0, 75]);
  });

  it('is not announced again once it succeeds, nor if somebody was on the case before', async () => {
    const { world, engine, pass, told } = await aFailed();

    world.hook = (_, perform) => perform();
    await pass(2);
    expect(caseOf(world)).not.toHaveProperty('reminder');
    await pass(60);
    expect(told()).toHaveLength(1);
    await engine(operator('release'));
    expect(caseOf(world).status).toBe('closed');
  });
});
