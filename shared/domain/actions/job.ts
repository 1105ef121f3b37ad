import type { ActionDescriptor } from './descriptor';

interface JobPrior {
  readonly action: 'job';
  readonly jobId: string;
}

export const job: ActionDescriptor<JobPrior> = {
  words: {
    does: 'sends the device a job, on the jobs topics that stay open',
    release: 'cancels the job if it has not ended',
  },
  means: 'none',
  needsNaming: true,
  findPrior: ({ run }) => ({ action: 'job', jobId: `cordon-${run}` }),
  details: {
    created: (jobId) => `job ${jobId} created`,
    'not-listed': (jobId) => `job ${jobId} is not listed for the thing yet`,
    status: (jobId, status) => `job ${jobId} is ${status}`,
    was: (jobId, status = 'gone') => `job ${jobId} was ${status}`,
    'work-stays': (jobId) => `what the device did for job ${jobId} stays`,
  },
  listRestored: ({ jobId: name }) => [{ object: 'job', name, now: 'created', before: 'canceled' }],
};
