import { thingKey } from '../../../shared/domain/thing-ref';
import type { MitigationContext, PriorOf } from '../../../shared/mitigation/action';
import { mitigations } from '../../../shared/mitigation/registry';
import { awsError } from '../../aws-error';
import { now } from '../../builders';
import { fakeClientIds, fakeConnections, fakeLeases, fakeThings } from '../../fakes';
import { idleActions } from '../../fakes-actions';
import { inWords } from './setting';

const disconnect = inWords(mitigations.disconnect);

const prior: PriorOf<'disconnect'> = { action: 'disconnect', clientIds: ['mything1', 'mything1-agent'] };
const policyCacheMs = 480_000;

function setUp(sessions: Readonly<Record<string, number>> = {}) {
  const live = fakeConnections();
  for (const [clientId, since] of Object.entries(sessions)) live.sessions.set(clientId, since);
  const context: MitigationContext = {
    thingName: thingKey('mything1'),
    clientIds: prior.clientIds,
    deniedAt: now,
    policyCacheMs,
    things: fakeThings().things,
    connections: live.connections,
    clock: () => now,
    ...idleActions(),
    leases: fakeLeases().leases,
  };
  return { context, sessions: live.sessions };
}

describe('disconnect', () => {
  it('ends the sessions of the device, and of no other', async () => {
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
    ['a session from before the denial', { mything1: now - 1 }, 'unverified'],
    [
      'a session that began while the policy may still be cached',
      { mything1: now + policyCacheMs - 1 },
      'unverified',
    ],
    [
      'a session that may have begun then, as its time is approximate',
      { mything1: now + policyCacheMs + 119_999 },
      'unverified',
    ],
    ['a session that began once the denial had spread', { mything1: now + policyCacheMs + 120_000 }, 'done'],
    ['a session whose start is unknown', { mything1: 0 }, 'unverified'],
    ['an old session of its second client', { 'mything1-agent': now - 1 }, 'unverified'],
    ['a session of another device', { other: now - 1 }, 'done'],
  ])('is verified by the sessions: %s', async (_, sessions, result) => {
    expect(await disconnect.verify(prior, setUp(sessions).context)).toMatchObject({ result });
  });

  it('accepts no session while no denial is applied', async () => {
    const { context } = setUp({ mything1: now + 10 * policyCacheMs });

    expect(await disconnect.verify(prior, { ...context, deniedAt: undefined })).toMatchObject({
      result: 'unverified',
    });
  });

  describe('for a device that used other client ids,', () => {
    const [own, foreign] = ['a'.repeat(64), 'b'.repeat(64)];

    async function hearing(sessions: Readonly<Record<string, number>>) {
      const { clientIds: knownIds } = fakeClientIds();
      const device = setUp(sessions);
      const context = { ...device.context, knownIds, ownCertificates: [own], heldCertificates: [own] };
      return { ...device, context, knownIds };
    }

    it('ends the sessions that a held certificate began', async () => {
      const { context, sessions, knownIds } = await hearing({ 'any/2': now - 1, unheard: now - 1 });
      await knownIds.recordConnect('any/2', { certificateId: own, at: now - 1 });

      expect(await disconnect.verify(prior, context)).toMatchObject({ result: 'unverified' });
      expect(await disconnect.apply(prior, context)).toMatchObject({ detail: 'session of any/2 ended' });
      expect([...sessions.keys()]).toEqual(['unheard']);
      expect(await disconnect.verify(prior, context)).toMatchObject({ result: 'done' });
    });

    it('leaves client ids alone under which somebody else has connected since', async () => {
      const { context, sessions, knownIds } = await hearing({ victim: now - 1 });
      await knownIds.recordConnect('victim', { certificateId: own, at: now - 3 });
      await knownIds.recordConnect('victim', { certificateId: foreign, at: now - 2 });
      const reported = { ...prior, clientIds: ['mything1', 'victim'] };

      expect(await disconnect.apply(reported, context)).toMatchObject({ detail: 'was not connected' });
      expect(await disconnect.verify(reported, context)).toMatchObject({ result: 'done' });
      expect([...sessions.keys()]).toEqual(['victim']);
    });

    it('leaves the sessions of a certificate alone that the case does not hold', async () => {
      const { context, sessions, knownIds } = await hearing({ twin: now - 1 });
      await knownIds.recordConnect('twin', { certificateId: own, at: now - 1 });

      const shared = { ...context, heldCertificates: [] };
      expect(await disconnect.apply(prior, shared)).toMatchObject({ detail: 'was not connected' });
      expect([...sessions.keys()]).toEqual(['twin']);
    });

    it('ends the sessions of a held certificate, even if somebody has detached it from the thing', async () => {
      const { context, sessions, knownIds } = await hearing({ old: now - 1 });
      await knownIds.recordConnect('old', { certificateId: own, at: now - 1 });
      const taken = { ...context, ownCertificates: [foreign] };

      expect(await disconnect.verify(prior, taken)).toMatchObject({ result: 'unverified' });
      expect(await disconnect.apply(prior, taken)).toMatchObject({ detail: 'session of old ended' });
      expect([...sessions.keys()]).toEqual([]);
    });

    it('ends the sessions that AWS IoT attributes to the thing, even if there is no certificate', async () => {
      const { context, sessions, knownIds } = await hearing({ app: now - 1 });
      await knownIds.recordConnect('app', { certificateId: '', thingName: 'mything1', at: now - 1 });
      const reported = { ...prior, clientIds: ['mything1', 'app'] };

      expect(await disconnect.apply(reported, context)).toMatchObject({ detail: 'session of app ended' });
      expect([...sessions.keys()]).toEqual([]);
    });

    it('leaves alone the client of another thing whose name equals the agent’s client id', async () => {
      const { context, sessions, knownIds } = await hearing({ 'mything1-cordon': now - 1 });
      await knownIds.recordConnect('mything1-cordon', { certificateId: foreign, at: now - 1 });
      const withAgent = { ...prior, clientIds: ['mything1', 'mything1-cordon'] };

      expect(await disconnect.apply(withAgent, context)).toMatchObject({ detail: 'was not connected' });
      expect([...sessions.keys()]).toEqual(['mything1-cordon']);
    });

    it('ends the other sessions, and says so, if AWS rejects a client id that the device chose', async () => {
      const { context, sessions, knownIds } = await hearing({ 'any/2': now - 1, mything1: now - 1 });
      for (const id of ['$any', '.', '..', 'odd', 'any/2'])
        await knownIds.recordConnect(id, { certificateId: own, at: now - 1 });
      const refusing = {
        ...context,
        connections: {
          ...context.connections,
          cut: refuse('odd', context.connections.cut),
          connectedSince: refuse('odd', context.connections.connectedSince),
        },
      };

      expect(await disconnect.apply(prior, refusing)).toEqual({
        result: 'done',
        detail:
          "session of mything1, any/2 ended; the session of $any, ., .. can't be ended: AWS IoT accepts no such client id; the session of odd could not be ended: InvalidRequestException",
      });
      expect([...sessions.keys()]).toEqual([]);
      const spread = { ...refusing, clock: () => now + policyCacheMs + 120_000 };
      expect(await disconnect.verify(prior, spread)).toEqual({
        result: 'done',
        detail:
          "no session with the old rights; the session of $any, ., .. can't be ended: AWS IoT accepts no such client id; the session of odd could not be ended: InvalidRequestException",
      });
    });

    it.each(['.', '..', '$any', 'half \ud800', 'odd'])(
      'counts a session under %s as going on until the denial has spread, since nothing can end it or see it',
      async (clientId) => {
        const { context, knownIds } = await hearing({});
        await knownIds.recordConnect(clientId, { certificateId: own, at: now - 1 });
        const connectedSince = refuse('odd', context.connections.connectedSince);
        const device = { ...context, connections: { ...context.connections, connectedSince } };

        const spreadAt = now + policyCacheMs + 120_000;
        expect(await disconnect.verify(prior, { ...device, clock: () => spreadAt - 1 })).toEqual({
          result: 'unverified',
          detail: expect.stringContaining(`the session of ${clientId} c`),
        });
        expect(await disconnect.verify(prior, { ...device, clock: () => spreadAt })).toMatchObject({
          result: 'done',
        });
        expect(await disconnect.verify(prior, { ...device, deniedAt: undefined })).toMatchObject({
          result: 'unverified',
        });
      },
    );

    it('is refused if AWS refuses to end the session of the thing’s own client', async () => {
      const { context } = await hearing({});
      const connections = { ...context.connections, cut: refuse('mything1', context.connections.cut) };

      await expect(disconnect.apply(prior, { ...context, connections })).rejects.toThrow(
        'refused by the fake',
      );
    });

    it('ends the session of the thing’s own client at once, whether or not the table lists others', async () => {
      const { context, sessions } = await hearing({ mything1: now - 1 });
      const knownIds = { ...context.knownIds, list: () => Promise.reject(awsError('ThrottlingException')) };

      await expect(disconnect.apply(prior, { ...context, knownIds })).rejects.toThrow('refused by the fake');
      expect([...sessions.keys()]).toEqual([]);
    });

    it('ends the other sessions before a fault causes a retry', async () => {
      const { context, sessions, knownIds } = await hearing({ 'any/2': now - 1 });
      await knownIds.recordConnect('slow', { certificateId: own, at: now - 1 });
      await knownIds.recordConnect('any/2', { certificateId: own, at: now - 1 });
      const cut = refuse('slow', context.connections.cut, 'ThrottlingException');

      await expect(
        disconnect.apply(prior, { ...context, connections: { ...context.connections, cut } }),
      ).rejects.toThrow('refused by the fake');
      expect([...sessions.keys()]).toEqual([]);
    });

    function refuse<T>(
      refused: string,
      ask: (clientId: string) => Promise<T>,
      name = 'InvalidRequestException',
    ) {
      return async (clientId: string): Promise<T> => {
        if (clientId === refused) throw awsError(name);
        return ask(clientId);
      };
    }

    it('says so if there were more client ids than are kept', async () => {
      const { context, knownIds } = await hearing({});
      for (let index = 0; index <= 50; index += 1)
        await knownIds.recordConnect(`id${index}`, { certificateId: own, at: now });

      expect(await disconnect.apply(prior, context)).toEqual({
        result: 'done',
        detail: expect.stringMatching(
          /^was not connected; its certificates had more client ids than Cordon keeps/,
        ),
      });
    });
  });

  it('has nothing to revert', async () => {
    expect(await disconnect.revert(prior, setUp().context)).toMatchObject({ result: 'done' });
  });
});
