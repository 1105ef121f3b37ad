import type { Storage } from './case-store-contract';
import { aName, type Law } from './laws';

/** Real, since what is stored of an id expires. */
const now = Date.now();

export function declareClientIdLaws(law: Law<Storage>): void {
  describe('client ids of certificates', () => {
    law('are listed by certificate, with the one that used an id last', async ({ clientIds }) => {
      const [own, foreign, id] = [aName('certificate'), aName('certificate'), aName('any id/of +#')];
      expect(await clientIds.list(own)).toEqual({ clientIds: [] });
      expect(await clientIds.findUser(id)).toBeUndefined();

      await clientIds.recordConnect(id, { certificateId: own, at: now });
      await clientIds.recordConnect('__proto__', { certificateId: own, at: now + 1 });
      await clientIds.recordConnect(id, { certificateId: own, at: now + 1 });
      expect(await clientIds.list(own)).toEqual({ clientIds: [id, '__proto__'] });
      expect(await clientIds.findUser(id)).toMatchObject({ certificateId: own });

      await clientIds.recordConnect(id, { certificateId: foreign, at: now + 2 });
      expect(await clientIds.findUser(id)).toMatchObject({ certificateId: foreign });
      await clientIds.recordConnect(id, { certificateId: '', at: now + 3 });
      expect(await clientIds.findUser(id)).toMatchObject({ certificateId: '' });
      expect(await clientIds.list(own)).toEqual({ clientIds: [id, '__proto__'] });
    });

    law('do not go back to who used an id before, if events come out of order', async ({ clientIds }) => {
      const [own, foreign, id] = [aName('certificate'), aName('certificate'), aName('client')];
      await clientIds.recordConnect(id, { certificateId: own, at: now + 2 });
      await clientIds.recordConnect(id, { certificateId: foreign, at: now + 1 });

      expect(await clientIds.findUser(id)).toMatchObject({ certificateId: own });
      expect(await clientIds.list(foreign)).toEqual({ clientIds: [id] });
    });

    law(
      'go by the versions of a client’s sessions, as their times are approximate',
      async ({ clientIds }) => {
        const [own, foreign, id] = [aName('certificate'), aName('certificate'), aName('client')];
        await clientIds.recordConnect(id, { certificateId: foreign, at: now, version: 7 });
        await clientIds.recordConnect(id, { certificateId: own, at: now + 5, version: 6 });
        expect(await clientIds.findUser(id)).toMatchObject({ certificateId: foreign });

        await clientIds.recordConnect(id, { certificateId: own, at: now - 5, version: 8 });
        expect(await clientIds.findUser(id)).toMatchObject({ certificateId: own });

        // AWS IoT counts anew once the client was away for an hour.
        await clientIds.recordConnect(id, { certificateId: foreign, at: now + 3_600_000, version: 0 });
        expect(await clientIds.findUser(id)).toMatchObject({ certificateId: foreign });
      },
    );

    law(
      'follow two that take an id from each other, whatever order their connects come in',
      async ({ clientIds }) => {
        const [own, foreign, id] = [aName('certificate'), aName('certificate'), aName('client')];
        await clientIds.recordConnect(id, { certificateId: foreign, at: now, version: 1 });
        await clientIds.recordConnect(id, { certificateId: own, at: now + 1, version: 2 });
        await clientIds.recordConnect(id, { certificateId: foreign, at: now + 2, version: 3 });

        await clientIds.recordConnect(id, { certificateId: foreign, at: now + 4, version: 5 });
        await clientIds.recordConnect(id, { certificateId: own, at: now + 3, version: 4 });
        expect(await clientIds.findUser(id)).toMatchObject({ certificateId: foreign });
      },
    );

    law('are kept up to fifty for a certificate, the newest', async ({ clientIds }) => {
      const own = aName('certificate');
      const ids = Array.from({ length: 51 }, () => aName('client'));
      for (const [index, id] of ids.entries())
        await clientIds.recordConnect(id, { certificateId: own, at: now + index });

      expect(await clientIds.list(own)).toEqual({ clientIds: ids.slice(1), incomplete: true });
    });

    law('are all noted if a fleet with one certificate comes at the same time', async ({ clientIds }) => {
      const own = aName('certificate');
      const ids = Array.from({ length: 30 }, () => aName('client'));
      await Promise.all(ids.map((id) => clientIds.recordConnect(id, { certificateId: own, at: now })));

      expect((await clientIds.list(own)).clientIds.toSorted()).toEqual(ids.toSorted());
    });
  });
}
