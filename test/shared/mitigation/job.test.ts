import type { PriorOf } from '../../../shared/mitigation/action';
import { mitigations } from '../../../shared/mitigation/registry';
import { awsError } from '../../aws-error';
import { aSetting, inWords } from './setting';

const job = inWords(mitigations.job);

const prior: PriorOf<'job'> = { action: 'job', jobId: 'cordon-case-1' };

function setUp(status?: string) {
  const { context, jobs } = aSetting();
  if (status) jobs.statuses.set(prior.jobId, status);
  return { context, status: () => jobs.statuses.get(prior.jobId) };
}

describe('job', () => {
  it('is created once, with the document of cordon.yml, for this thing', async () => {
    const { context, status } = setUp();
    const asked: unknown[] = [];
    const create = (...args: Parameters<typeof context.jobs.create>) => {
      asked.push(args);
      return context.jobs.create(...args);
    };

    for (let time = 0; time < 2; time += 1)
      expect(await job.apply(prior, { ...context, jobs: { ...context.jobs, create } })).toEqual({
        result: 'done',
        detail: 'job cordon-case-1 created',
      });

    expect(status()).toBe('QUEUED');
    expect(asked[0]).toEqual(['cordon-case-1', 'mything1', '{"operation":"collect"}']);
  });

  it('is verified once it exists, whatever the device does with it', async () => {
    expect(await job.verify(prior, setUp().context)).toMatchObject({ result: 'unverified' });
    for (const status of ['QUEUED', 'IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'REJECTED', 'CANCELED'])
      expect(await job.verify(prior, setUp(status).context)).toEqual({
        result: 'done',
        detail: `job cordon-case-1 is ${status}`,
      });
  });

  it.each([
    ['QUEUED', 'CANCELED'],
    ['IN_PROGRESS', 'CANCELED'],
    ['SUCCEEDED', 'SUCCEEDED'],
    ['FAILED', 'FAILED'],
    [undefined, undefined],
  ])('turns %s into %s on revert, and keeps it so', async (before, after) => {
    const { context, status } = setUp(before);

    for (let time = 0; time < 2; time += 1) {
      expect(await job.revert(prior, context)).toMatchObject({ result: 'done' });
      expect(status()).toBe(after);
    }
  });

  it.each([
    ['is no conflict if the device ended it meanwhile', 'SUCCEEDED', true],
    ['is reported as refused if it still runs', 'IN_PROGRESS', false],
  ])('cancels on revert; a cancellation that AWS refuses %s', async (_, after, reverts) => {
    const { context } = setUp('IN_PROGRESS');
    const statuses = ['IN_PROGRESS'];
    const readStatus = async () => statuses.at(-1);
    const cancel = async () => {
      statuses.push(after);
      throw awsError('InvalidRequestException', 'the job is not in progress');
    };

    const outcome = job.revert(prior, { ...context, jobs: { ...context.jobs, cancel, readStatus } });

    if (reverts) expect(await outcome).toMatchObject({ result: 'done' });
    else await expect(outcome).rejects.toThrow('the job is not in progress');
  });

  it('throws transient faults', async () => {
    const { context } = setUp();
    const jobs = { ...context.jobs, readStatus: () => Promise.reject(awsError('ThrottlingException')) };

    for (const step of ['verify', 'revert'] as const)
      await expect(job[step](prior, { ...context, jobs })).rejects.toMatchObject({
        name: 'ThrottlingException',
      });
  });
});
