import * as z from 'zod/mini';
import { IotServiceError, invalid } from '../iot/errors';
import type { JobExecution } from '../iot/job-state';
import { findExecution, findJob } from '../iot/jobs';
import type { IotRegistry } from '../iot/registry';
import { findThing } from '../iot/things';
import { type DataOperation, type DataRequest, toError, toJson } from './data-operation';

const Details = z.exactOptional(z.record(z.string(), z.string()));
const Start = z.object({ statusDetails: Details });
const Update = z.object({
  status: z.enum(['IN_PROGRESS', 'FAILED', 'SUCCEEDED', 'REJECTED']),
  statusDetails: Details,
  expectedVersion: z.exactOptional(z.number()),
  executionNumber: z.exactOptional(z.number()),
  includeJobExecutionState: z.exactOptional(z.boolean()),
  includeJobDocument: z.exactOptional(z.boolean()),
});

/** The requests of a device about its jobs over HTTPS ("Jobs device HTTP API"): the SigV4 service `iot-jobs-data`. */
export function findJobOperation(
  registry: IotRegistry,
  thingName: string,
  jobId: string | undefined,
  request: DataRequest,
): DataOperation | undefined {
  const found = find(registry, thingName, jobId, request);
  if (!found) return undefined;
  const [operation, perform] = found;
  return {
    action: `iotjobsdata:${operation}`,
    resource: `thing/${thingName}`,
    run() {
      try {
        findThing(registry.state, thingName);
        return toJson(perform());
      } catch (error) {
        if (error instanceof IotServiceError) return toJobError(error);
        throw error;
      }
    },
  };
}

function find(
  registry: IotRegistry,
  thingName: string,
  jobId: string | undefined,
  { method, query, body }: DataRequest,
): readonly [string, () => unknown] | undefined {
  if (jobId === undefined)
    return method === 'GET' ? ['GetPendingJobExecutions', () => listPending(registry, thingName)] : undefined;
  if (method === 'GET') {
    const withDocument = query.get('includeJobDocument') === 'true';
    return ['DescribeJobExecution', () => describeOne(registry, thingName, jobId, withDocument)];
  }
  if (method === 'PUT' && jobId === '$next')
    return ['StartNextPendingJobExecution', () => startNext(registry, thingName, body)];
  if (method === 'POST' && jobId !== '$next')
    return ['UpdateJobExecution', () => update(registry, thingName, jobId, body)];
  return undefined;
}

/** Sorts executions in the order in which a device handles them: those in progress, then those that have waited longest. */
function listOpen(registry: IotRegistry, thingName: string): readonly JobExecution[] {
  const all = [...registry.state.jobExecutions.values()].flatMap((byThing) => byThing.get(thingName) ?? []);
  const inOrder = (status: JobExecution['status']) =>
    all.filter((execution) => execution.status === status).sort((a, b) => a.queuedAt - b.queuedAt);
  return [...inOrder('IN_PROGRESS'), ...inOrder('QUEUED')];
}

function listPending(registry: IotRegistry, thingName: string) {
  const open = listOpen(registry, thingName);
  const summaries = (status: JobExecution['status']) =>
    open
      .filter((execution) => execution.status === status)
      .map((execution) => ({ jobId: execution.jobId, ...describeTimes(execution) }));
  return { inProgressJobs: summaries('IN_PROGRESS'), queuedJobs: summaries('QUEUED') };
}

function describeOne(registry: IotRegistry, thingName: string, jobId: string, withDocument: boolean) {
  const [next] = jobId === '$next' ? listOpen(registry, thingName) : [];
  if (jobId === '$next' && !next) return { execution: {} };
  const execution = next ?? findExecution(registry.state, jobId, thingName);
  return { execution: describe(registry, execution, withDocument) };
}

function startNext(registry: IotRegistry, thingName: string, body: Buffer) {
  const { statusDetails } = read(Start, body);
  const [next] = listOpen(registry, thingName);
  if (!next) return {};
  const started =
    next.status === 'IN_PROGRESS'
      ? next
      : registry.jobs.setExecutionStatus(next.jobId, thingName, {
          status: 'IN_PROGRESS',
          ...(statusDetails && { statusDetails }),
        });
  return { execution: describe(registry, started, true) };
}

function update(registry: IotRegistry, thingName: string, jobId: string, body: Buffer) {
  const { includeJobExecutionState, includeJobDocument, executionNumber, ...change } = read(Update, body);
  if (executionNumber !== undefined && executionNumber !== 1)
    throw invalid(`There is no execution ${executionNumber}.`);
  const { status, statusDetails, versionNumber } = registry.jobs.setExecutionStatus(jobId, thingName, change);
  return {
    ...(includeJobExecutionState && { executionState: { status, statusDetails, versionNumber } }),
    ...(includeJobDocument && { jobDocument: findJob(registry.state, jobId).document }),
  };
}

function describe(registry: IotRegistry, execution: JobExecution, withDocument: boolean) {
  const { jobId, thingName, status, statusDetails } = execution;
  return {
    jobId,
    thingName,
    status,
    statusDetails,
    ...describeTimes(execution),
    ...(withDocument && { jobDocument: findJob(registry.state, jobId).document }),
  };
}

function describeTimes({ queuedAt, startedAt, lastUpdatedAt, versionNumber }: JobExecution) {
  const toSeconds = (at: number) => Math.floor(at / 1000);
  return {
    queuedAt: toSeconds(queuedAt),
    ...(startedAt !== undefined && { startedAt: toSeconds(startedAt) }),
    lastUpdatedAt: toSeconds(lastUpdatedAt),
    versionNumber,
    executionNumber: 1,
  };
}

function read<T extends z.ZodMiniType>(schema: T, body: Buffer): z.output<T> {
  let value: unknown;
  try {
    value = body.length === 0 ? {} : JSON.parse(body.toString('utf8'));
  } catch (cause) {
    throw Object.assign(invalid('The request body is not JSON.'), { cause });
  }
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`Invalid value at '${issue?.path.join('.') ?? ''}': ${issue?.message ?? 'not readable'}`);
}

/** The data plane models no version conflict. */
function toJobError({ name, status, message }: IotServiceError) {
  return name === 'VersionConflictException'
    ? toError('InvalidRequestException', 400, message)
    : toError(name, status, message);
}
