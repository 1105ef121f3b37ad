import type { Detail } from '../domain/case/details';
import { isRefusal } from '../errors';
import { done, type MitigationAction, ownDetail, type PriorOf, reverted, unverified } from './action';

const ownJobs = ['job/cordon-*', 'thing/*'];

/** Asks the device itself to do something, over the kept jobs topics: collect evidence, restart the application. */
export const job: MitigationAction<PriorOf<'job'>> = {
  rights: () => ({
    always: [
      { actions: ['iot:CancelJob'], resources: ['job/cordon-*'] },
      { actions: ['iot:DescribeJobExecution'], resources: ownJobs },
    ],
    whenNamed: [{ actions: ['iot:CreateJob'], resources: ownJobs }],
  }),

  async apply({ jobId }, { thingName, jobs, jobDocument }) {
    await jobs.create(jobId, thingName, jobDocument);
    return done(ownDetail('job', 'created', jobId));
  },

  async verify({ jobId }, { thingName, jobs }) {
    const status = await jobs.readStatus(jobId, thingName);
    // A job holds nothing, so it is enough that it exists: whether the device obeys changes no denial.
    return status === undefined
      ? unverified(ownDetail('job', 'not-listed', jobId))
      : done(ownDetail('job', 'status', jobId, status));
  },

  async revert({ jobId }, { thingName, jobs }) {
    const status = await jobs.readStatus(jobId, thingName);
    if (isOpen(status)) {
      try {
        await jobs.cancel(jobId);
      } catch (error) {
        // The device may have ended it in between, and AWS cancels no job that has ended.
        if (!isRefusal(error) || isOpen(await jobs.readStatus(jobId, thingName))) throw error;
      }
    }
    const left: Detail[] = hasBegun(status) ? [ownDetail('job', 'work-stays', jobId)] : [];
    return reverted([ownDetail('job', 'was', jobId, ...(status === undefined ? [] : [status]))], left);
  },
};

/** Whether the device may have begun the job. */
function hasBegun(status: string | undefined): boolean {
  return ['IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'TIMED_OUT'].includes(status ?? '');
}

function isOpen(status: string | undefined): boolean {
  return status === 'QUEUED' || status === 'IN_PROGRESS';
}
