import * as z from 'zod/mini';
import { invalid } from '../errors';
import type { Job, JobExecution, JobExecutionStatus } from '../job-state';
import { findExecution, findJob, listExecutions } from '../jobs';
import type { IotRegistry } from '../registry';
import { saveTags } from '../tags';
import {
  type IotCall,
  type IotRoute,
  readBody,
  readFlag,
  readParam,
  routesAt,
  Tags,
  toSeconds,
} from './route';

const Setting = z.exactOptional(z.record(z.string(), z.unknown()));
/** Kept and given back; an execution neither times out, nor waits for its turn, nor is retried here. */
const Settings = z.object({
  presignedUrlConfig: Setting,
  jobExecutionsRolloutConfig: Setting,
  abortConfig: Setting,
  timeoutConfig: Setting,
  jobExecutionsRetryConfig: Setting,
});
const NOT_EMULATED = [
  'documentSource',
  'jobTemplateArn',
  'documentParameters',
  'schedulingConfig',
  'destinationPackageVersions',
  'namespaceId',
];
const Description = z.exactOptional(z.string().check(z.regex(/^[^\p{C}]{0,2028}$/u)));
const CreateJob = z.object({
  targets: z.array(z.string()).check(z.minLength(1)),
  document: z.exactOptional(z.string()),
  description: Description,
  targetSelection: z._default(z.enum(['SNAPSHOT', 'CONTINUOUS']), 'SNAPSHOT'),
  tags: z.exactOptional(Tags),
});
const CancelJob = z.object({
  reasonCode: z.exactOptional(z.string().check(z.regex(/^[\p{Lu}\p{Nd}_]{1,128}$/u))),
  comment: Description,
});

const readJobId = (call: IotCall) => readParam(call, 'jobId');
const readThingName = (call: IotCall) => readParam(call, 'thingName');

function createJob(registry: IotRegistry, call: IotCall) {
  const { targets, document, description, targetSelection, tags } = readBody(CreateJob, call);
  const refused = NOT_EMULATED.find((name) => Object.hasOwn(call.body ?? {}, name));
  if (refused !== undefined)
    throw invalid(`The local stack does not emulate ${refused} of a job: leave it out.`);
  if (targetSelection === 'CONTINUOUS')
    throw invalid('The local stack emulates no CONTINUOUS jobs: use targetSelection SNAPSHOT.');
  if (document === undefined) throw invalid('The job has no document.');
  const settings = readBody(Settings, call);
  const job = registry.jobs.create(readJobId(call), {
    targets,
    document,
    ...(description === undefined ? {} : { description }),
    settings,
  });
  saveTags(registry.state, job.jobArn, tags);
  return identifyJob(job);
}

function identifyJob({ jobId, jobArn, description }: Job) {
  return { jobId, jobArn, description };
}

function describeTimes({ createdAt, lastUpdatedAt, completedAt }: Job) {
  return {
    createdAt: toSeconds(createdAt),
    lastUpdatedAt: toSeconds(lastUpdatedAt),
    ...(completedAt === undefined ? {} : { completedAt: toSeconds(completedAt) }),
  };
}

function describeJob(registry: IotRegistry, job: Job) {
  const { document, settings, createdAt, lastUpdatedAt, completedAt, ...rest } = job;
  const executions = listExecutions(registry.state, job.jobId);
  const count = (status: JobExecutionStatus): number =>
    executions.filter((execution) => execution.status === status).length;
  return {
    job: {
      ...rest,
      ...settings,
      ...describeTimes(job),
      targetSelection: 'SNAPSHOT',
      isConcurrent: false,
      jobProcessDetails: {
        numberOfCanceledThings: count('CANCELED'),
        numberOfSucceededThings: count('SUCCEEDED'),
        numberOfFailedThings: count('FAILED'),
        numberOfRejectedThings: count('REJECTED'),
        numberOfQueuedThings: count('QUEUED'),
        numberOfInProgressThings: count('IN_PROGRESS'),
        numberOfRemovedThings: 0,
        numberOfTimedOutThings: 0,
      },
    },
  };
}

function describeExecutionTimes({ queuedAt, startedAt, lastUpdatedAt }: JobExecution) {
  return {
    queuedAt: toSeconds(queuedAt),
    ...(startedAt === undefined ? {} : { startedAt: toSeconds(startedAt) }),
    lastUpdatedAt: toSeconds(lastUpdatedAt),
    executionNumber: 1,
  };
}

function describeExecution(execution: JobExecution) {
  const { jobId, thingArn, status, statusDetails, forceCanceled, versionNumber } = execution;
  return {
    jobId,
    thingArn,
    status,
    statusDetails: { detailsMap: statusDetails },
    forceCanceled,
    versionNumber,
    ...describeExecutionTimes(execution),
  };
}

/** Each thing has one execution of a job, so any other number finds none. */
function readExecution(registry: IotRegistry, call: IotCall): JobExecution {
  const number = call.query.get('executionNumber');
  const execution = findExecution(registry.state, readJobId(call), readThingName(call));
  if (number !== null && number !== '1') throw invalid(`There is no execution ${number}.`);
  return execution;
}

function cancelJob(registry: IotRegistry, call: IotCall) {
  const force = readFlag(call, 'force', false);
  return identifyJob(registry.jobs.cancel(readJobId(call), { force, ...readBody(CancelJob, call) }));
}

/** Jobs on things and static groups. What devices do with them is stated by `setExecutionStatus`. */
export function jobRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, jobs } = registry;
  const ofJob = (call: IotCall) => [state.arns.build('job', readJobId(call))];
  const ofThing = (call: IotCall) => [state.arns.build('thing', readThingName(call))];
  const create = routesAt('/jobs/{jobId}', (call) => [...ofJob(call), ...readBody(CreateJob, call).targets]);
  const job = routesAt('/jobs/{jobId}', ofJob);
  const execution = routesAt('/things/{thingName}/jobs/{jobId}', (call) => [
    ...ofJob(call),
    ...ofThing(call),
  ]);
  return [
    create('CreateJob', 'PUT', (call) => createJob(registry, call)),
    job('DescribeJob', 'GET', (call) => describeJob(registry, findJob(state, readJobId(call)))),
    job('DeleteJob', 'DELETE', (call) => jobs.delete(readJobId(call), readFlag(call, 'force', false))),
    job('CancelJob', 'PUT', (call) => cancelJob(registry, call), '/cancel'),
    execution('DescribeJobExecution', 'GET', (call) => ({
      execution: describeExecution(readExecution(registry, call)),
    })),
  ];
}
