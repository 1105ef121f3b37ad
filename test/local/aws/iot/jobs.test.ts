import {
  CancelJobCommand,
  type CancelJobCommandInput,
  CreateJobCommand,
  type CreateJobCommandInput,
  DeleteJobCommand,
  DescribeJobCommand,
  DescribeJobExecutionCommand,
} from '@aws-sdk/client-iot';
import { iotLocalRoutes } from '../../../../local/aws/iot/local-routes';
import { errorOf, now, prefix } from './builders';
import { clock, registry, send, server, useControlPlane } from './plane';

useControlPlane();
beforeEach(() => {
  registry.things.create('mything1');
  registry.things.create('mything2');
});

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
  });

  it('refuses a used id, whatever the other fields', async () => {
    await create();

    expect(await errorOf(create())).toBe('409 ResourceAlreadyExistsException');
  });

  it('completes a job at once on an empty group', async () => {
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

  it('requires a document', async () => {
    const command = new CreateJobCommand({ jobId, targets: [thing1] });

    expect(await errorOf(send(command))).toBe('400 InvalidRequestException');
  });
});

describe('CancelJob', () => {
  it('leaves executions in progress alone, unless forced', async () => {
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
  it('deletes an ended job, or any job by force', async () => {
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

describe('a device', () => {
  it('moves its execution on until it has ended, and the last one ends the job', async () => {
    await create({ targets: [thing1, thing2] });
    clock.at += 1000;
    registry.jobs.setExecutionStatus(jobId, 'mything1', { status: 'IN_PROGRESS' });
    clock.at += 1000;
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

  it('can be represented by POST /_cordon/job-executions', async () => {
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

describe('job calls', () => {
  it('ask IAM about the job and its things', async () => {
    const job = `${prefix}job/${jobId}`;
    const group = groupWith('site', 'mything2');
    await create({ targets: [thing1, group] });
    await describeJob();
    await describeExecution();
    await cancel({ force: true });
    await send(new DeleteJobCommand({ jobId }));

    expect(server.asked).toEqual([
      `iot:CreateJob on ${job}, ${thing1}, ${group}`,
      `iot:DescribeJob on ${job}`,
      `iot:DescribeJobExecution on ${job}, ${thing1}`,
      `iot:CancelJob on ${job}`,
      `iot:DeleteJob on ${job}`,
    ]);
  });
});
