import {
  CreateJobCommand,
  type CreateJobCommandInput,
  DescribeJobCommand,
  DescribeJobExecutionCommand,
  ListJobExecutionsForJobCommand,
  ListJobExecutionsForThingCommand,
} from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
import { iotLocalRoutes } from '../../../../local/aws/iot/local-routes';
import type { IotRegistry } from '../../../../local/aws/iot/registry';
import { aRegistry, errorOf, now, prefix } from './builders';
import { startServer, type TestServer } from './server';

let at: number;
let registry: IotRegistry;
let server: TestServer;
let send: TestServer['client']['send'];

beforeEach(async () => {
  at = now;
  registry = aRegistry({ now: () => at });
  server = await startServer(createIotControlPlane(registry));
  send = server.client.send.bind(server.client) as typeof send;
  registry.things.create('mything1');
  registry.things.create('mything2');
});
afterEach(() => server.close());

const jobId = 'case-1_evidence';
const document = '{"operation":"collect-evidence"}';
const thing1 = `${prefix}thing/mything1`;
const thing2 = `${prefix}thing/mything2`;

function create(input: Partial<CreateJobCommandInput> = {}) {
  return send(new CreateJobCommand({ jobId, targets: [thing1], document, ...input }));
}

async function describeJob() {
  return (await send(new DescribeJobCommand({ jobId }))).job;
}

async function describeExecution(thingName = 'mything1') {
  return (await send(new DescribeJobExecutionCommand({ jobId, thingName }))).execution;
}

describe('a device', () => {
  it('moves its execution on until it has ended, and ends the job with the last one', async () => {
    await create({ targets: [thing1, thing2] });
    at += 1000;
    registry.jobs.setExecutionStatus(jobId, 'mything1', { status: 'IN_PROGRESS' });
    at += 1000;
    registry.jobs.setExecutionStatus(jobId, 'mything1', {
      status: 'SUCCEEDED',
      statusDetails: { file: 'x' },
      expectedVersion: 2,
    });

    expect(await describeExecution()).toMatchObject({
      status: 'SUCCEEDED',
      statusDetails: { detailsMap: { file: 'x' } },
      startedAt: new Date(now + 1000),
      lastUpdatedAt: new Date(now + 2000),
      versionNumber: 3,
    });
    expect((await describeJob())?.status).toBe('IN_PROGRESS');
    const update = (thingName: string, expectedVersion?: number) => () =>
      registry.jobs.setExecutionStatus(jobId, thingName, {
        status: 'FAILED',
        ...(expectedVersion && { expectedVersion }),
      });
    expect(update('mything1')).toThrow(expect.objectContaining({ name: 'InvalidStateTransitionException' }));
    expect(update('mything2', 7)).toThrow(expect.objectContaining({ name: 'VersionConflictException' }));
    expect(update('mything3')).toThrow(expect.objectContaining({ name: 'ResourceNotFoundException' }));
    update('mything2')();
    expect(await describeJob()).toMatchObject({
      status: 'COMPLETED',
      completedAt: new Date(now + 2000),
      jobProcessDetails: { numberOfSucceededThings: 1, numberOfFailedThings: 1, numberOfQueuedThings: 0 },
    });
  });

  it('is spoken for by POST /_cordon/job-executions', async () => {
    await create();
    const post = async (body: unknown) => {
      const path = '/_cordon/job-executions';
      const request = { method: 'POST', path, query: new URLSearchParams(), headers: {} };
      const text = Buffer.from(JSON.stringify(body));
      return (await iotLocalRoutes(registry)[`POST ${path}`]?.({ ...request, body: text }))?.status;
    };
    const done = { jobId, thingName: 'mything1', status: 'SUCCEEDED', statusDetails: { a: 'b' } };

    expect([
      await post({ ...done, status: 'CANCELED' }),
      await post({ ...done, thingName: 'mything2' }),
      await post({ ...done, statusDetails: { a: 1 } }),
      await post(done),
      await post(done),
    ]).toEqual([400, 400, 400, 200, 400]);
    expect((await describeJob())?.status).toBe('COMPLETED');
  });
});

describe('job executions', () => {
  it('are listed by thing and by job', async () => {
    await create({ targets: [thing1, thing2] });
    at += 1000;
    await create({ jobId: 'later' });
    registry.jobs.setExecutionStatus(jobId, 'mything1', { status: 'IN_PROGRESS' });
    const times = { queuedAt: new Date(now), lastUpdatedAt: new Date(at), startedAt: new Date(at) };
    const begun = { status: 'IN_PROGRESS' as const, executionNumber: 1, ...times };

    const ofThing = await send(new ListJobExecutionsForThingCommand({ thingName: 'mything1' }));
    const ofJob = await send(new ListJobExecutionsForJobCommand({ jobId, status: 'IN_PROGRESS' }));
    expect(ofThing.executionSummaries?.map((summary) => summary.jobId)).toEqual(['later', jobId]);
    expect(ofThing.executionSummaries?.[1]).toEqual({ jobId, jobExecutionSummary: begun });
    expect(ofJob.executionSummaries).toEqual([{ thingArn: thing1, jobExecutionSummary: begun }]);
    const absent = new ListJobExecutionsForThingCommand({ thingName: 'none' });
    expect(await errorOf(send(absent))).toBe('404 ResourceNotFoundException');
    const unknown = new ListJobExecutionsForJobCommand({ jobId, status: 'DONE' as never });
    expect(await errorOf(send(unknown))).toBe('400 InvalidRequestException');
  });

  it('come in pages', async () => {
    await create({ targets: [thing1, thing2] });
    const first = await send(new ListJobExecutionsForJobCommand({ jobId, maxResults: 1 }));
    const rest = await send(
      new ListJobExecutionsForJobCommand({ jobId, ...(first.nextToken && { nextToken: first.nextToken }) }),
    );
    const things = [first, rest].map(({ executionSummaries }) => executionSummaries?.map((s) => s.thingArn));

    expect([things, rest.nextToken]).toEqual([[[thing2], [thing1]], undefined]);
  });
});
