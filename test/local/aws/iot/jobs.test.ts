import {
  CancelJobCommand,
  type CancelJobCommandInput,
  CreateJobCommand,
  type CreateJobCommandInput,
  DeleteJobCommand,
  DescribeJobCommand,
  DescribeJobExecutionCommand,
  GetJobDocumentCommand,
  ListJobExecutionsForThingCommand,
  ListJobsCommand,
  type ListJobsCommandInput,
} from '@aws-sdk/client-iot';
import { createIotControlPlane } from '../../../../local/aws/iot/control-plane';
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

function cancel(input: Partial<CancelJobCommandInput> = {}) {
  return send(new CancelJobCommand({ jobId, ...input }));
}

async function describeJob() {
  return (await send(new DescribeJobCommand({ jobId }))).job;
}

async function describeExecution(thingName = 'mything1') {
  return (await send(new DescribeJobExecutionCommand({ jobId, thingName }))).execution;
}

function groupWith(groupName: string, thingName: string, parentGroupName?: string): string {
  const { groupArn } = registry.groups.create(groupName, parentGroupName ? { parentGroupName } : {});
  registry.groups.updateMembership(thingName, { add: [groupName], remove: [] });
  return groupArn;
}

describe('CreateJob', () => {
  it('queues one execution on each thing of its targets', async () => {
    const group = groupWith('site', 'mything1');
    groupWith('hall', 'mything2', 'site');
    const created = await create({
      targets: [thing1, group],
      description: 'why',
      timeoutConfig: { inProgressTimeoutInMinutes: 5 },
    });

    expect(created).toMatchObject({ jobId, jobArn: `${prefix}job/${jobId}`, description: 'why' });
    expect(await describeJob()).toEqual({
      jobId,
      jobArn: `${prefix}job/${jobId}`,
      description: 'why',
      targets: [thing1, group],
      targetSelection: 'SNAPSHOT',
      status: 'IN_PROGRESS',
      isConcurrent: false,
      timeoutConfig: { inProgressTimeoutInMinutes: 5 },
      createdAt: new Date(now),
      lastUpdatedAt: new Date(now),
      jobProcessDetails: {
        numberOfCanceledThings: 0,
        numberOfSucceededThings: 0,
        numberOfFailedThings: 0,
        numberOfRejectedThings: 0,
        numberOfQueuedThings: 2,
        numberOfInProgressThings: 0,
        numberOfRemovedThings: 0,
        numberOfTimedOutThings: 0,
      },
    });
    expect(await describeExecution()).toEqual({
      jobId,
      thingArn: thing1,
      status: 'QUEUED',
      statusDetails: { detailsMap: {} },
      forceCanceled: false,
      queuedAt: new Date(now),
      lastUpdatedAt: new Date(now),
      executionNumber: 1,
      versionNumber: 1,
    });
    expect((await send(new GetJobDocumentCommand({ jobId }))).document).toBe(document);
  });

  it('refuses an id that was used, whatever the rest', async () => {
    await create();

    expect(await errorOf(create())).toBe('409 ResourceAlreadyExistsException');
  });

  it('is completed at once on an empty group', async () => {
    const { groupArn } = registry.groups.create('empty');
    await create({ targets: [groupArn] });

    expect(await describeJob()).toMatchObject({ status: 'COMPLETED', completedAt: new Date(now) });
  });

  it.each<[string, Partial<CreateJobCommandInput>, string]>([
    ['no target', { targets: [] }, '400 InvalidRequestException'],
    ['a thing that is not there', { targets: [`${prefix}thing/none`] }, '404 ResourceNotFoundException'],
    ['a group that is not there', { targets: [`${prefix}thinggroup/none`] }, '404 ResourceNotFoundException'],
    ['a certificate', { targets: [`${prefix}cert/abc`] }, '400 InvalidRequestException'],
    [
      'a thing of another account',
      { targets: [thing1.replace('123456789012', '1')] },
      '400 InvalidRequestException',
    ],
    ['a document that is not JSON', { document: '{' }, '400 InvalidRequestException'],
    ['an empty document', { document: '' }, '400 InvalidRequestException'],
    ['a document over 32 KB', { document: `"${'a'.repeat(32_767)}"` }, '400 InvalidRequestException'],
    ['an id with a colon', { jobId: 'a:b' }, '400 InvalidRequestException'],
    ['an id of 65 characters', { jobId: 'a'.repeat(65) }, '400 InvalidRequestException'],
    ['control characters', { description: 'a\u0007' }, '400 InvalidRequestException'],
    ['a document in S3', { documentSource: 'https://s3.amazonaws.com/b/k' }, '400 InvalidRequestException'],
    ['a schedule', { schedulingConfig: { startTime: 'now' } }, '400 InvalidRequestException'],
    ['a job without end', { targetSelection: 'CONTINUOUS' }, '400 InvalidRequestException'],
  ])('refuses %s', async (_what, input, error) => {
    expect(await errorOf(create(input))).toBe(error);
    expect(registry.state.jobs.size).toBe(0);
  });

  it('needs a document', async () => {
    const command = new CreateJobCommand({ jobId, targets: [thing1] });

    expect(await errorOf(send(command))).toBe('400 InvalidRequestException');
  });
});

describe('CancelJob', () => {
  it('leaves what a device is at, unless forced', async () => {
    await create({ targets: [thing1, thing2] });
    registry.jobs.setExecutionStatus(jobId, 'mything1', { status: 'IN_PROGRESS' });
    await cancel({ reasonCode: 'CASE_RELEASED', comment: 'released' });
    expect([(await describeExecution())?.status, (await describeExecution('mything2'))?.status]).toEqual([
      'IN_PROGRESS',
      'CANCELED',
    ]);
    expect(await describeJob()).toMatchObject({
      status: 'CANCELED',
      forceCanceled: false,
      reasonCode: 'CASE_RELEASED',
      comment: 'released',
    });
    await cancel({ force: true });

    expect(await describeExecution()).toMatchObject({ status: 'CANCELED', forceCanceled: true });
    expect(await errorOf(cancel({ force: true }))).toBe('400 InvalidRequestException');
  });

  it('refuses a job that is completed, absent, or a reason in lower case', async () => {
    expect(await errorOf(cancel())).toBe('404 ResourceNotFoundException');
    await create();
    expect(await errorOf(cancel({ reasonCode: 'no' }))).toBe('400 InvalidRequestException');
    registry.jobs.setExecutionStatus(jobId, 'mything1', { status: 'REJECTED' });
    expect(await errorOf(cancel())).toBe('400 InvalidRequestException');
  });
});

describe('DeleteJob', () => {
  it('forgets a job that has ended, or any by force', async () => {
    const remove = (force = false) => send(new DeleteJobCommand({ jobId, force }));
    await create();
    expect(await errorOf(remove())).toBe('409 InvalidStateTransitionException');
    await remove(true);
    expect(await errorOf(remove())).toBe('404 ResourceNotFoundException');
    expect(await errorOf(describeExecution())).toBe('404 ResourceNotFoundException');
    await create();
    await cancel();
    await remove();

    expect(await errorOf(describeJob())).toBe('404 ResourceNotFoundException');
  });
});

describe('ListJobs', () => {
  it.each<[string, ListJobsCommandInput, string[]]>([
    ['all, newest first', {}, ['c', 'b', 'a']],
    ['those of a group', { thingGroupName: 'site' }, ['b']],
    ['those of a status', { status: 'CANCELED' }, ['a']],
    ['continuous ones', { targetSelection: 'CONTINUOUS' }, []],
  ])('gives %s', async (_what, filter, expected) => {
    const group = groupWith('site', 'mything1');
    for (const [id, target] of Object.entries({ a: thing1, b: group, c: thing2 })) {
      await create({ jobId: id, targets: [target] });
      at += 1000;
    }
    await cancel({ jobId: 'a' });

    expect((await send(new ListJobsCommand(filter))).jobs?.map((job) => job.jobId)).toEqual(expected);
  });
});

describe('jobs', () => {
  it('ask IAM about the job and the things they are on', async () => {
    const job = `${prefix}job/${jobId}`;
    const group = groupWith('site', 'mything2');
    await create({ targets: [thing1, group] });
    await describeJob();
    await describeExecution();
    await cancel({ force: true });
    await send(new ListJobExecutionsForThingCommand({ thingName: 'mything1' }));
    await send(new ListJobsCommand({}));
    await send(new DeleteJobCommand({ jobId }));

    expect(server.asked).toEqual([
      `iot:CreateJob on ${job}, ${thing1}, ${group}`,
      `iot:DescribeJob on ${job}`,
      `iot:DescribeJobExecution on ${job}, ${thing1}`,
      `iot:CancelJob on ${job}`,
      `iot:ListJobExecutionsForThing on ${thing1}`,
      'iot:ListJobs on *',
      `iot:DeleteJob on ${job}`,
    ]);
  });
});
