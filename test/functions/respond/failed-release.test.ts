import { awsError } from '../../aws-error';
import { aConfiguration, aPlaybook } from '../../builders';
import type { World } from '../../world';
import { aWorldWithPolicies } from './all-actions-world';
import { alarm, anEngine, caseOf, groupsOf, operator, resume, shownCaseOf } from './story';

const configuration = aConfiguration({
  playbooks: [aPlaybook({ actions: ['quarantine', 'deny-certificate', 'disconnect'] })],
});

/** AWS fails to detach policies with this error until it is set right. */
function failDetaching(world: World, name: string) {
  const { hook } = world;
  world.hook = (call, perform) =>
    call === 'policies.detach' ? Promise.reject(awsError(name)) : hook(call, perform);
  return () => {
    world.hook = hook;
  };
}

const announced = ({ told }: World) => told.map(({ kind }) => kind);

async function stopRelease(errorName: string) {
  const world = aWorldWithPolicies();
  const engine = anEngine(world, { configuration });
  await engine(alarm(), { id: 'alarm' });
  const mend = failDetaching(world, errorName);
  for (const attempt of [1, 2, 3])
    await expect(engine(operator('release'), { id: 'release', attempt })).rejects.toThrow();
  await engine(operator('release'), { id: 'release', attempt: 4 });
  return { world, engine, mend };
}

describe('a release that AWS fails', () => {
  it('is continued each minute, is announced once, and ends as it would have', async () => {
    const { world, engine, mend } = await stopRelease('ThrottlingException');
    expect(shownCaseOf(world)).toMatchObject({
      status: 'release-conflict',
      reason: expect.stringMatching(
        /^deny-certificate: ThrottlingException: .*; Cordon tries again each minute$/,
      ),
    });

    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume, { id: 'resume', attempt: 4 });
    expect(shownCaseOf(world).status).toBe('release-conflict');
    mend();
    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume);

    expect(shownCaseOf(world)).toMatchObject({
      status: 'closed',
      reason: 'released: everything is as it was before',
    });
    expect(announced(world)).toEqual(['contained', 'release-conflict', 'released']);
  });

  it('stays in conflict if AWS refuses it', async () => {
    const { world, engine } = await stopRelease('ThrottlingException');
    failDetaching(world, 'UnauthorizedException');

    world.time.now = caseOf(world).dueAt ?? 0;
    await engine(resume);

    expect(shownCaseOf(world).status).toBe('release-conflict');
    expect(caseOf(world).dueAt).toBeUndefined();
    expect(announced(world)).toEqual(['contained', 'release-conflict', 'release-conflict']);
  });

  it('is announced again to somebody who asks for it again', async () => {
    const { world, engine } = await stopRelease('ThrottlingException');

    await engine(operator('release'), { id: 'again', attempt: 4 });

    expect(announced(world)).toEqual(['contained', 'release-conflict', 'release-conflict']);
  });
});

describe('a release after AWS had failed to contain the thing', () => {
  it.each([
    ['failed each time', [1, 2, 3, 4], 'TimeoutError'],
    ['refused what an ended invocation had done', [1, 2], 'LimitExceededException'],
  ])('undoes what took effect though AWS %s', async (_, attempts, name) => {
    const world = aWorldWithPolicies();
    const engine = anEngine(world, { configuration });
    let calls = 0;
    world.hook = async (call, perform) => {
      if (call !== 'things.addToGroup') return perform();
      calls += 1;
      if (calls === 1) await perform();
      throw awsError(calls === 1 ? 'TimeoutError' : name);
    };
    for (const attempt of attempts) await engine(alarm(), { id: 'alarm', attempt }).catch(() => undefined);
    expect(shownCaseOf(world)).toMatchObject({
      status: 'contained',
      ledger: expect.arrayContaining([expect.objectContaining({ action: 'quarantine', status: 'failed' })]),
    });

    await engine(operator('release'));

    expect(groupsOf(world)).toEqual(['sensors']);
    expect(shownCaseOf(world).reason).toBe('released: everything is as it was before');
  });
});
