import type { MitigationContext, PriorOf } from '../../../shared/mitigation/action';
import { disconnect } from '../../../shared/mitigation/disconnect';
import { now } from '../../builders';
import { fakeClientIds, fakeConnections, fakeHolds, fakeThings } from '../../fakes';
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

  describe('of a device that used other client ids', () => {
    const [own, foreign] = ['a'.repeat(64), 'b'.repeat(64)];

    async function hearing(sessions: Readonly<Record<string, number>>) {
      const { clientIds: heardIds } = fakeClientIds();
      const device = setUp(sessions);
      const context = { ...device.context, heardIds, ownCertificates: [own], heldCertificates: [own] };
      return { ...device, context, heardIds };
    }

    it('ends the sessions that a held certificate was heard to begin', async () => {
      const { context, sessions, heardIds } = await hearing({ 'any/2': now - 1, unheard: now - 1 });
      await heardIds.hear('any/2', own, now - 1);

      expect(await disconnect.verify(prior, context)).toMatchObject({ result: 'not-so' });
      expect(await disconnect.apply(prior, context)).toMatchObject({ detail: 'session of any/2 ended' });
      expect([...sessions.keys()]).toEqual(['unheard']);
      expect(await disconnect.verify(prior, context)).toMatchObject({ result: 'done' });
    });

    it('leaves those alone that somebody else began since under an id of theirs', async () => {
      const { context, sessions, heardIds } = await hearing({ victim: now - 1 });
      await heardIds.hear('victim', own, now - 3);
      await heardIds.hear('victim', foreign, now - 2);
      const reported = { ...prior, clientIds: ['mything1', 'victim'] };

      expect(await disconnect.apply(reported, context)).toMatchObject({ detail: 'was not connected' });
      expect(await disconnect.verify(reported, context)).toMatchObject({ result: 'done' });
      expect([...sessions.keys()]).toEqual(['victim']);
    });

    it('leaves the sessions of a certificate alone that the case does not hold', async () => {
      const { context, sessions, heardIds } = await hearing({ twin: now - 1 });
      await heardIds.hear('twin', own, now - 1);

      const shared = { ...context, heldCertificates: [] };
      expect(await disconnect.apply(prior, shared)).toMatchObject({ detail: 'was not connected' });
      expect([...sessions.keys()]).toEqual(['twin']);
    });

    it('says where there were more ids than are kept', async () => {
      const { context, heardIds } = await hearing({});
      for (let index = 0; index <= 50; index += 1) await heardIds.hear(`id${index}`, own, now);

      expect(await disconnect.apply(prior, context)).toEqual({
        result: 'done',
        detail: expect.stringMatching(
          /^was not connected; its certificates had more client ids than are kept/,
        ),
      });
    });
  });

  it('has nothing to undo', async () => {
    expect(await disconnect.revert(prior, setUp().context)).toMatchObject({ result: 'done' });
  });
});
