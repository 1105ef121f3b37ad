import { alreadyExists, IotServiceError, invalid, notFound } from './errors';
import { findGroup, listAncestors } from './groups';
import type { Job, JobExecution, JobExecutionStatus } from './job-state';
import { requireName } from './names';
import type { IotState } from './state';
import { checkVersion, findThing } from './things';

/** Bytes of a job document (quotas of AWS IoT Device Management). */
const MAX_DOCUMENT_BYTES = 32_768;

interface JobRequest {
  readonly targets: readonly string[];
  readonly document: string;
  readonly description?: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

interface Cancellation {
  /** Cancels even an execution in progress. */
  readonly force: boolean;
  readonly reasonCode?: string;
  readonly comment?: string;
}

interface ExecutionUpdate {
  readonly status: Exclude<JobExecutionStatus, 'QUEUED' | 'CANCELED'>;
  readonly statusDetails?: Readonly<Record<string, string>>;
  readonly expectedVersion?: number;
}

/** Jobs of snapshot selection: each target at the creation of the job gets one execution. */
export interface JobStore {
  create(jobId: string, request: JobRequest): Job;
  cancel(jobId: string, cancellation: Cancellation): Job;
  /** Deletes a job and its executions; one that has not ended only by force. */
  delete(jobId: string, force: boolean): void;
  /** The report of a device about its execution. */
  setExecutionStatus(jobId: string, thingName: string, update: ExecutionUpdate): JobExecution;
}

export function findJob(state: IotState, jobId: string): Job {
  const job = state.jobs.get(jobId);
  if (!job) throw notFound(`Job ${jobId} cannot be found.`);
  return job;
}

export function listExecutions(state: IotState, jobId: string): readonly JobExecution[] {
  return [...(state.jobExecutions.get(jobId)?.values() ?? [])];
}

export function findExecution(state: IotState, jobId: string, thingName: string): JobExecution {
  const execution = state.jobExecutions.get(jobId)?.get(thingName);
  if (!execution) throw notFound(`Job ${jobId} has no execution on thing ${thingName}.`);
  return execution;
}

function isOpen({ status }: JobExecution): boolean {
  return status === 'QUEUED' || status === 'IN_PROGRESS';
}

function checkDocument(document: string): void {
  const size = Buffer.byteLength(document);
  if (size === 0 || size > MAX_DOCUMENT_BYTES) {
    throw invalid(`A job document has 1 to ${MAX_DOCUMENT_BYTES} bytes.`);
  }
  try {
    JSON.parse(document);
  } catch {
    throw invalid('The job document is not JSON.');
  }
}

/** The members of a group and of the groups below it. */
function listMembers(state: IotState, groupName: string): readonly string[] {
  const isWithin = (name: string): boolean =>
    name === groupName || listAncestors(state, name).some((group) => group.groupName === groupName);
  return [...state.memberships].flatMap(([thingName, names]) =>
    [...names].some(isWithin) ? [thingName] : [],
  );
}

function resolveTarget(state: IotState, target: string): readonly string[] {
  const thingName = state.arns.idOf('thing', target);
  if (thingName !== undefined) return [findThing(state, thingName).thingName];
  const groupName = state.arns.idOf('thinggroup', target);
  if (groupName === undefined) throw invalid(`Invalid job target: ${target}`);
  return listMembers(state, findGroup(state, groupName).groupName);
}

/** Saves a job after its executions changed: with none left open it is completed. */
function saveJob(state: IotState, job: Job): Job {
  const now = state.now();
  const isDone = job.status === 'IN_PROGRESS' && !listExecutions(state, job.jobId).some(isOpen);
  const end = isDone ? ({ status: 'COMPLETED', completedAt: now } as const) : {};
  const saved = { ...job, ...end, lastUpdatedAt: now };
  state.jobs.set(job.jobId, saved);
  state.changed();
  return saved;
}

function createJob(state: IotState, jobId: string, request: JobRequest): Job {
  requireName('jobId', jobId);
  checkDocument(request.document);
  const jobArn = state.arns.build('job', jobId);
  if (state.jobs.has(jobId)) {
    throw alreadyExists(`Job ${jobId} already exists.`, jobId, jobArn);
  }
  const now = state.now();
  const things = new Set(request.targets.flatMap((target) => resolveTarget(state, target)));
  const executions = [...things].map((thingName): [string, JobExecution] => [
    thingName,
    {
      jobId,
      thingName,
      thingArn: state.arns.build('thing', thingName),
      status: 'QUEUED',
      statusDetails: {},
      forceCanceled: false,
      queuedAt: now,
      lastUpdatedAt: now,
      versionNumber: 1,
    },
  ]);
  state.jobExecutions.set(jobId, new Map(executions));
  const times = { createdAt: now, lastUpdatedAt: now };
  return saveJob(state, { jobId, jobArn, status: 'IN_PROGRESS', settings: {}, ...request, ...times });
}

function saveExecution(state: IotState, before: JobExecution, change: Partial<JobExecution>): JobExecution {
  const now = state.now();
  const versionNumber = before.versionNumber + 1;
  const after: JobExecution = { ...before, ...change, lastUpdatedAt: now, versionNumber };
  state.jobExecutions.get(before.jobId)?.set(before.thingName, after);
  return after;
}

function cancelJob(state: IotState, jobId: string, { force, ...reason }: Cancellation): Job {
  const job = findJob(state, jobId);
  const executions = listExecutions(state, jobId);
  // A job canceled without force may be canceled again, by force, while a device is still at it (our reading).
  const isLeftOver = force && job.status === 'CANCELED' && executions.some(isOpen);
  if (job.status !== 'IN_PROGRESS' && !isLeftOver) throw invalid(`Job ${jobId} is ${job.status}.`);
  for (const execution of executions) {
    const isCanceled = execution.status === 'QUEUED' || (force && execution.status === 'IN_PROGRESS');
    if (isCanceled) {
      const forceCanceled = execution.status === 'IN_PROGRESS';
      saveExecution(state, execution, { status: 'CANCELED', forceCanceled });
    }
  }
  const completedAt = state.now();
  return saveJob(state, { ...job, ...reason, status: 'CANCELED', forceCanceled: force, completedAt });
}

function updateExecution(
  state: IotState,
  jobId: string,
  thingName: string,
  update: ExecutionUpdate,
): JobExecution {
  const job = findJob(state, jobId);
  const before = findExecution(state, jobId, thingName);
  checkVersion('job execution', before.versionNumber, update.expectedVersion);
  if (!isOpen(before)) {
    throw new IotServiceError('InvalidStateTransitionException', `The execution is ${before.status}.`);
  }
  const { status, statusDetails } = update;
  const after = saveExecution(state, before, {
    status,
    ...(statusDetails ? { statusDetails } : {}),
    startedAt: before.startedAt ?? state.now(),
  });
  saveJob(state, job);
  return after;
}

export function createJobStore(state: IotState): JobStore {
  return {
    create: (jobId, request) => createJob(state, jobId, request),
    cancel: (jobId, cancellation) => cancelJob(state, jobId, cancellation),
    delete(jobId, force) {
      const job = findJob(state, jobId);
      if (job.status === 'IN_PROGRESS' && !force) {
        throw new IotServiceError('InvalidStateTransitionException', `Job ${jobId} is ${job.status}.`);
      }
      state.jobs.delete(jobId);
      state.jobExecutions.delete(jobId);
      state.tags.delete(job.jobArn);
      state.changed();
    },
    setExecutionStatus: (jobId, thingName, update) => updateExecution(state, jobId, thingName, update),
  };
}
