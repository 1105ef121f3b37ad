import * as z from 'zod/mini';
import { invalid } from '../errors';
import { findExecution, findJob, listExecutions } from '../jobs';
import type { IotRegistry } from '../registry';
import type { Job, JobExecution, JobExecutionStatus } from '../state';
import { saveTags } from '../tags';
import { findThing } from '../things';
import {
  creationKey,
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  routesAt,
  Tags,
  toSeconds,
} from './route';

const JOB_STATUSES = ['IN_PROGRESS', 'CANCELED', 'COMPLETED', 'DELETION_IN_PROGRESS', 'SCHEDULED'];
const EXECUTION_STATUSES = [
  'QUEUED',
  'IN_PROGRESS',
  'SUCCEEDED',
  'FAILED',
  'TIMED_OUT',
  'REJECTED',
  'REMOVED',
  'CANCELED',
];

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
  if (refused !== undefined) throw invalid(`${refused} is not emulated.`);
  if (targetSelection === 'CONTINUOUS') throw invalid('Continuous jobs are not emulated.');
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

function readStatus(call: IotCall, statuses: readonly string[]): string | null {
  const status = call.query.get('status');
  if (status !== null && !statuses.includes(status)) throw invalid(`Unknown status ${status}.`);
  return status;
}

function listJobs(registry: IotRegistry, call: IotCall) {
  const status = readStatus(call, JOB_STATUSES);
  const groupName = call.query.get('thingGroupName');
  const groupArn = groupName === null ? null : registry.state.arns.build('thinggroup', groupName);
  const isSelected = [null, 'SNAPSHOT'].includes(call.query.get('targetSelection'));
  const jobs = [...registry.state.jobs.values()].filter(
    (job) =>
      isSelected &&
      (status === null || job.status === status) &&
      (groupArn === null || job.targets.includes(groupArn)),
  );
  const page = paginate(call, 'token', jobs, ({ createdAt, jobId }) => creationKey(createdAt, jobId), true);
  return {
    jobs: page.items.map((job) => ({
      jobId: job.jobId,
      jobArn: job.jobArn,
      status: job.status,
      targetSelection: 'SNAPSHOT',
      isConcurrent: false,
      ...describeTimes(job),
    })),
    ...page.next,
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

function pageExecutions(call: IotCall, executions: readonly JobExecution[]) {
  const status = readStatus(call, EXECUTION_STATUSES);
  const matching = executions.filter((execution) => status === null || execution.status === status);
  const keyOf = ({ queuedAt, jobId, thingName }: JobExecution) =>
    creationKey(queuedAt, `${jobId} ${thingName}`);
  const page = paginate(call, 'token', matching, keyOf, true);
  const items = page.items.map((execution) => ({
    execution,
    jobExecutionSummary: { status: execution.status, ...describeExecutionTimes(execution) },
  }));
  return { items, next: page.next };
}

function listExecutionsForThing(registry: IotRegistry, call: IotCall) {
  const { thingName } = findThing(registry.state, readThingName(call));
  const jobId = call.query.get('jobId');
  const executions = [...registry.state.jobExecutions.values()]
    .flatMap((byThing) => byThing.get(thingName) ?? [])
    .filter((execution) => jobId === null || execution.jobId === jobId);
  const { items, next } = pageExecutions(call, executions);
  const executionSummaries = items.map(({ execution, jobExecutionSummary }) => ({
    jobId: execution.jobId,
    jobExecutionSummary,
  }));
  return { executionSummaries, ...next };
}

function listExecutionsForJob(registry: IotRegistry, call: IotCall) {
  const { jobId } = findJob(registry.state, readJobId(call));
  const { items, next } = pageExecutions(call, listExecutions(registry.state, jobId));
  const executionSummaries = items.map(({ execution, jobExecutionSummary }) => ({
    thingArn: execution.thingArn,
    jobExecutionSummary,
  }));
  return { executionSummaries, ...next };
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
  const thing = routesAt('/things/{thingName}/jobs', ofThing);
  const execution = routesAt('/things/{thingName}/jobs/{jobId}', (call) => [
    ...ofJob(call),
    ...ofThing(call),
  ]);
  return [
    create('CreateJob', 'PUT', (call) => createJob(registry, call)),
    job('DescribeJob', 'GET', (call) => describeJob(registry, findJob(state, readJobId(call)))),
    job('DeleteJob', 'DELETE', (call) => jobs.delete(readJobId(call), readFlag(call, 'force', false))),
    job('CancelJob', 'PUT', (call) => cancelJob(registry, call), '/cancel'),
    job(
      'GetJobDocument',
      'GET',
      (call) => ({ document: findJob(state, readJobId(call)).document }),
      '/job-document',
    ),
    job('ListJobExecutionsForJob', 'GET', (call) => listExecutionsForJob(registry, call), '/things'),
    routesAt('/jobs')('ListJobs', 'GET', (call) => listJobs(registry, call)),
    thing('ListJobExecutionsForThing', 'GET', (call) => listExecutionsForThing(registry, call)),
    execution('DescribeJobExecution', 'GET', (call) => ({
      execution: describeExecution(readExecution(registry, call)),
    })),
  ];
}
