import { aName, type Law, refusalOf } from './laws';
import type { Registry } from './registry';

const document = '{"operation":"collect"}';

export function declareJobsLaws(law: Law<Registry>): void {
  describe('jobs', () => {
    law('wait for their thing, and for no other', async (registry) => {
      const { jobId, thingName, other } = await aJob(registry);

      expect(await registry.jobs.readStatus(jobId, thingName)).toBe('QUEUED');
      expect(await registry.jobs.readStatus(jobId, other)).toBeUndefined();
      expect(await registry.jobs.readStatus(aName('job'), thingName)).toBeUndefined();
    });

    law('are made once, however often they are created', async (registry) => {
      const { jobId, thingName } = await aJob(registry);
      await registry.jobs.cancel(jobId);

      await registry.jobs.create(jobId, thingName, document);

      expect(await registry.jobs.readStatus(jobId, thingName)).toBe('CANCELED');
    });

    law('are canceled once, and only if they exist', async (registry) => {
      const { jobId, thingName } = await aJob(registry);
      await registry.jobs.cancel(jobId);

      expect(await registry.jobs.readStatus(jobId, thingName)).toBe('CANCELED');
      expect(await refusalOf(registry.jobs.cancel(jobId))).toBe('InvalidRequestException');
      expect(await refusalOf(registry.jobs.cancel(aName('job')))).toBe('ResourceNotFoundException');
    });
  });
}

async function aJob(registry: Registry) {
  const [jobId, thingName, other] = [aName('job'), aName('thing'), aName('thing')];
  for (const name of [thingName, other]) await registry.createThing(name);
  await registry.jobs.create(jobId, thingName, document);
  return { jobId, thingName, other };
}
