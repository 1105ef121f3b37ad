import {
  CreateMitigationActionCommand,
  DescribeDetectMitigationActionsTaskCommand,
  ListDetectMitigationActionsExecutionsCommand,
  type ListDetectMitigationActionsExecutionsCommandInput,
  StartDetectMitigationActionsTaskCommand,
  type StartDetectMitigationActionsTaskCommandInput,
} from '@aws-sdk/client-iot';
import { aRegistry, errorOf, now, prefix } from './builders';
import { registry, send, server, useControlPlane } from './plane';

/** Tasks that wait until the test lets them run. */
let waiting: (() => void)[];

useControlPlane({ runTask: (perform) => void waiting.push(perform) });
beforeEach(async () => {
  waiting = [];
  registry.things.create('mything1');
  registry.groups.create('quarantine');
  await createAction('quarantine-action', 'quarantine');
});

const roleArn = 'arn:aws:iam::123456789012:role/r';
const key = {
  thingName: 'mything1',
  securityProfileName: 'myapp-processes',
  behaviorName: 'no-child-processes',
};

function createAction(actionName: string, ...thingGroupNames: string[]) {
  const actionParams = { addThingsToThingGroupParams: { thingGroupNames, overrideDynamicGroups: false } };
  return send(new CreateMitigationActionCommand({ actionName, roleArn, actionParams }));
}

function start(taskId: string, input: Partial<StartDetectMitigationActionsTaskCommandInput> = {}) {
  return send(
    new StartDetectMitigationActionsTaskCommand({
      taskId,
      target: { violationIds: ['v'] },
      actions: ['quarantine-action'],
      ...input,
    }),
  );
}

function runWaiting(): void {
  for (const perform of waiting.splice(0)) perform();
}

async function describeTask(taskId: string) {
  return (await send(new DescribeDetectMitigationActionsTaskCommand({ taskId }))).taskSummary;
}

async function listExecutions(filter: ListDetectMitigationActionsExecutionsCommandInput = {}) {
  return (await send(new ListDetectMitigationActionsExecutionsCommand(filter))).actionsExecutions;
}

const groupsOf = (thingName: string) => registry.groupsOfThing(thingName).map(({ groupName }) => groupName);

describe('StartDetectMitigationActionsTask', () => {
  it('adds the thing of the violation to the group of the action, later', async () => {
    registry.defender.setViolation({ ...key, violationId: 'v' });
    const range = { startTime: new Date(now - 1000), endTime: new Date(now) };
    const { taskId } = await start('case-1', {
      violationEventOccurrenceRange: range,
      includeOnlyActiveViolations: true,
    });

    expect([taskId, (await describeTask('case-1'))?.taskStatus, groupsOf('mything1')]).toEqual([
      'case-1',
      'IN_PROGRESS',
      [],
    ]);
    runWaiting();
    expect(groupsOf('mything1')).toEqual(['quarantine']);
    expect(await describeTask('case-1')).toEqual({
      taskId: 'case-1',
      taskStatus: 'SUCCESSFUL',
      taskStartTime: new Date(now),
      taskEndTime: new Date(now),
      target: { violationIds: ['v'] },
      violationEventOccurrenceRange: range,
      onlyActiveViolationsIncluded: true,
      suppressedAlertsIncluded: false,
      actionsDefinition: [
        {
          name: 'quarantine-action',
          id: registry.state.mitigationActions.get('quarantine-action')?.actionId,
          roleArn,
          actionParams: {
            addThingsToThingGroupParams: { thingGroupNames: ['quarantine'], overrideDynamicGroups: false },
          },
        },
      ],
      taskStatistics: { actionsExecuted: 1, actionsSkipped: 0, actionsFailed: 0 },
    });
    expect(await listExecutions()).toEqual([
      {
        taskId: 'case-1',
        violationId: 'v',
        actionName: 'quarantine-action',
        thingName: 'mything1',
        status: 'SUCCESSFUL',
        executionStartDate: new Date(now),
        executionEndDate: new Date(now),
      },
    ]);
  });

  it('runs on the next turn of the event loop without a configured delay', async () => {
    const other = aRegistry();
    other.mitigationTasks.start('t', {
      target: { violationIds: ['v'] },
      actions: [],
      onlyActiveViolations: true,
      suppressedAlerts: false,
      clientRequestToken: 'token',
    });
    expect(other.state.mitigationTasks.get('t')?.status).toBe('IN_PROGRESS');
    await new Promise((resolve) => setImmediate(resolve));
    expect(other.state.mitigationTasks.get('t')?.status).toBe('SUCCESSFUL');
  });

  it.each<[string, Partial<StartDetectMitigationActionsTaskCommandInput>, string[]]>([
    ['an id', { target: { violationIds: ['v'] } }, ['mything1']],
    ['an ended one too', { target: { violationIds: ['v', 'ended'] } }, ['mything1', 'ended']],
    [
      'active ones only',
      { target: { violationIds: ['v', 'ended'] }, includeOnlyActiveViolations: true },
      ['mything1'],
    ],
    ['its profile', { target: { securityProfileName: 'traffic' } }, ['traffic']],
    [
      'its behavior',
      { target: { securityProfileName: key.securityProfileName, behaviorName: 'other' } },
      ['other'],
    ],
    ['a range without its event', { violationEventOccurrenceRange: before() }, []],
    ['an id of no violation', { target: { violationIds: ['none'] } }, []],
    ['a profile of no violation', { target: { securityProfileName: 'none' } }, []],
  ])('finds a violation by %s', async (_what, input, expected) => {
    registry.defender.setViolation({ ...key, violationId: 'v' });
    const more = { other: { behaviorName: 'other' }, traffic: { securityProfileName: 'traffic' }, ended: {} };
    for (const [thingName, change] of Object.entries(more)) {
      registry.things.create(thingName);
      registry.defender.setViolation({ ...key, thingName, violationId: thingName, ...change });
    }
    registry.defender.clearViolation({ ...key, thingName: 'ended', state: 'alarm-cleared' });
    await start('t', input);
    runWaiting();

    expect((await listExecutions())?.map(({ thingName }) => thingName)).toEqual(expected);
    const { taskStatus, taskStatistics } = (await describeTask('t')) ?? {};
    expect([taskStatus, taskStatistics]).toEqual([
      'SUCCESSFUL',
      { actionsExecuted: expected.length, actionsSkipped: 0, actionsFailed: 0 },
    ]);
  });

  it('skips the actions after a failed one, and says why it failed', async () => {
    await createAction('broken', 'absent');
    registry.defender.setViolation({ ...key, violationId: 'v' });
    registry.defender.setViolation({ ...key, thingName: 'unregistered', violationId: 'w' });
    await start('t', {
      target: { securityProfileName: key.securityProfileName },
      actions: ['quarantine-action', 'broken', 'quarantine-action'],
    });
    runWaiting();

    const executions = await listExecutions({ taskId: 't' });
    expect(executions?.map(({ thingName, status, errorCode }) => [thingName, status, errorCode])).toEqual([
      ['mything1', 'SUCCESSFUL', undefined],
      ['mything1', 'FAILED', 'ResourceNotFoundException'],
      ['mything1', 'SKIPPED', undefined],
      ['unregistered', 'FAILED', 'ResourceNotFoundException'],
      ['unregistered', 'SKIPPED', undefined],
      ['unregistered', 'SKIPPED', undefined],
    ]);
    expect(await describeTask('t')).toMatchObject({
      taskStatus: 'FAILED',
      taskStatistics: { actionsExecuted: 1, actionsSkipped: 3, actionsFailed: 2 },
    });
    expect(await listExecutions({ violationId: 'w', thingName: 'mything1' })).toEqual([]);
    expect(await listExecutions({ startTime: new Date(now + 1) })).toEqual([]);
  });

  it('fails for a thing that is in ten groups', async () => {
    registry.defender.setViolation({ ...key, violationId: 'v' });
    for (let index = 0; index < 10; index += 1) {
      registry.groups.create(`g${index}`);
      registry.groups.updateMembership('mything1', { add: [`g${index}`], remove: [] });
    }
    await start('t');
    runWaiting();

    expect(await listExecutions()).toMatchObject([
      { status: 'FAILED', errorCode: 'InvalidRequestException' },
    ]);
  });

  it('refuses a task whose id or token was used, even once that task has ended', async () => {
    await start('t', { clientRequestToken: 'token' });
    runWaiting();

    expect(await errorOf(start('t'))).toBe('400 TaskAlreadyExistsException');
    expect(await errorOf(start('u', { clientRequestToken: 'token' }))).toBe('400 TaskAlreadyExistsException');
  });

  it('runs at most five tasks at once', async () => {
    for (let index = 0; index < 5; index += 1) await start(`t${index}`);

    expect(await errorOf(start('t5'))).toBe('410 LimitExceededException');
    runWaiting();
    expect(await errorOf(start('t5'))).toBe('no error');
    expect(await errorOf(describeTask('none'))).toBe('404 ResourceNotFoundException');
  });

  it.each<[string, Partial<StartDetectMitigationActionsTaskCommandInput>]>([
    ['an action that is not there', { actions: ['absent'] }],
    ['an action of Audit', { actions: ['audit-only'] }],
    ['no action', { actions: [] }],
    ['six actions', { actions: Array(6).fill('quarantine-action') }],
    ['no target', { target: {} }],
    ['two targets', { target: { violationIds: ['v'], securityProfileName: 'p' } }],
    ['a behavior without a profile', { target: { behaviorName: 'b' } }],
    ['26 violations', { target: { violationIds: Array(26).fill('v') } }],
    ['a range backwards', { violationEventOccurrenceRange: backwards() }],
    ['a task id with a dot', { taskId: 'a.b' }],
    ['a task id of 129 characters', { taskId: 'a'.repeat(129) }],
  ])('refuses %s', async (_what, input) => {
    const actionParams = { updateDeviceCertificateParams: { action: 'DEACTIVATE' as const } };
    await send(new CreateMitigationActionCommand({ actionName: 'audit-only', roleArn, actionParams }));

    expect(await errorOf(start('t', input))).toBe('400 InvalidRequestException');
    expect(registry.state.mitigationTasks.size).toBe(0);
  });

  it('asks IAM about the profile of the target, and otherwise about all profiles', async () => {
    await start('a', { target: { securityProfileName: 'p', behaviorName: 'b' } });
    await start('b');

    expect(server.asked.slice(-2)).toEqual([
      `iot:StartDetectMitigationActionsTask on ${prefix}securityprofile/p`,
      'iot:StartDetectMitigationActionsTask on *',
    ]);
  });
});

function before() {
  return { startTime: new Date(now - 2000), endTime: new Date(now - 1000) };
}

function backwards() {
  return { startTime: new Date(now), endTime: new Date(now - 1000) };
}
