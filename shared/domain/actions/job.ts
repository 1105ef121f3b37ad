import type { ActionDescriptor } from './descriptor';

interface JobPrior {
  readonly action: 'job';
  readonly jobId: string;
}

export const job: ActionDescriptor<JobPrior> = {
  means: 'none',
  findPrior: ({ caseId }) => ({ action: 'job', jobId: `cordon-${caseId}` }),
};
