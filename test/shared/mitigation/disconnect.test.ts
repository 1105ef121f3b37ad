import type { MitigationContext, PriorOf } from '../../../shared/mitigation/action';
import { disconnect } from '../../../shared/mitigation/disconnect';
import { now } from '../../builders';
import { fakeConnections, fakeHolds, fakeThings } from '../../fakes';
import { idleActions } from '../../fakes-actions';

const prior: PriorOf<'disconnect'> = { action: 'disconnect', clientIds: ['mything1', 'mything1-agent'] };
const policyCacheMs = 480_000;

function setUp(sessions: Readonly<Record<string, number>> = {}) {
  const live = fakeConnections();
  for (const [clientId, since] of Object.entries(sessions)) live.sessions.set(clientId, since);
  const context: MitigationContext = {
    thingName: 'mything1',
    clientIds: prior.clientIds,
    deniedAt: now,
    policyCacheMs,
    things: fakeThings().things,
    connections: live.connections,
    clock: () => now,
    ...idleActions(),
    holds: fakeHolds().holds,
  };
  return { context, sessions: live.sessions };
}

describe('disconnect', () => {
  it('ends the sessions of the device and no other', async () => {
    const { context, sessions } = setUp({ 'mything1-agent': now, other: now });

    expect(await disconnect.apply(prior, context)).toEqual({
      result: 'done',
      detail: 'session of mything1-agent ended',
    });
    expect([...sessions.keys()]).toEqual(['other']);
    expect(await disconnect.apply(prior, context)).toEqual({ result: 'done', detail: 'was not connected' });
  });

  it.each([
    ['no session', {}, 'done'],
    ['a session from before the denial', { mything1: now - 1 }, 'not-so'],
    [
      'a session that began while the policy may still be cached',
      { mything1: now + policyCacheMs - 1 },
      'not-so',
    ],
    [
      'a session that may have begun then, as its time is approximate',
      { mything1: now + policyCacheMs + 119_999 },
      'not-so',
    ],
    ['a session that began once the denial had spread', { mything1: now + policyCacheMs + 120_000 }, 'done'],
    ['a session whose start is unknown', { mything1: 0 }, 'not-so'],
    ['an old session of its second client', { 'mything1-agent': now - 1 }, 'not-so'],
    ['a session of another device', { other: now - 1 }, 'done'],
  ])('is verified by the sessions: %s', async (_, sessions, result) => {
    expect(await disconnect.verify(prior, setUp(sessions).context)).toMatchObject({ result });
  });

  it('trusts no session while no denial is applied', async () => {
    const { context } = setUp({ mything1: now + 10 * policyCacheMs });

    expect(await disconnect.verify(prior, { ...context, deniedAt: undefined })).toMatchObject({
      result: 'not-so',
    });
  });

  it('has nothing to undo', async () => {
    expect(await disconnect.revert(prior, setUp().context)).toMatchObject({ result: 'done' });
  });
});
