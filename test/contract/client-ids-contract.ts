import { now } from '../builders';
import type { Storage } from './case-store-contract';
import { aName, type Law } from './laws';

export function declareClientIdLaws(law: Law<Storage>): void {
  describe('client ids of certificates', () => {
    law('are listed by certificate, with the one that used an id last', async ({ clientIds }) => {
      const [own, foreign, id] = [aName('certificate'), aName('certificate'), aName('any id/of +#')];
      expect(await clientIds.list(own)).toEqual({ clientIds: [] });
      expect(await clientIds.findUser(id)).toBeUndefined();

      await clientIds.hear(id, own, now);
      await clientIds.hear('__proto__', own, now);
      await clientIds.hear(id, own, now + 1);
      expect(await clientIds.list(own)).toEqual({ clientIds: [id, '__proto__'] });
      expect(await clientIds.findUser(id)).toBe(own);

      await clientIds.hear(id, foreign, now + 2);
      expect(await clientIds.findUser(id)).toBe(foreign);
      await clientIds.hear(id, '', now + 3);
      expect(await clientIds.findUser(id)).toBe('');
      expect(await clientIds.list(own)).toEqual({ clientIds: [id, '__proto__'] });
    });

    law('do not go back to who used an id before, where events come out of order', async ({ clientIds }) => {
      const [own, foreign, id] = [aName('certificate'), aName('certificate'), aName('client')];
      await clientIds.hear(id, own, now + 2);
      await clientIds.hear(id, foreign, now + 1);

      expect(await clientIds.findUser(id)).toBe(own);
      expect(await clientIds.list(foreign)).toEqual({ clientIds: [id] });
    });

    law('are kept up to fifty for a certificate, the newest', async ({ clientIds }) => {
      const own = aName('certificate');
      const ids = Array.from({ length: 51 }, () => aName('client'));
      for (const id of ids) await clientIds.hear(id, own, now);

      expect(await clientIds.list(own)).toEqual({ clientIds: ids.slice(1), incomplete: true });
    });

    law('are all noted where they come at the same time', async ({ clientIds }) => {
      const own = aName('certificate');
      const ids = Array.from({ length: 4 }, () => aName('client'));
      await Promise.all(ids.map((id) => clientIds.hear(id, own, now)));

      expect((await clientIds.list(own)).clientIds.toSorted()).toEqual(ids.toSorted());
    });
  });
}
