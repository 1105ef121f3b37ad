import {
  CreateScheduledAuditCommand,
  type CreateScheduledAuditCommandInput,
  DescribeAccountAuditConfigurationCommand,
  DescribeScheduledAuditCommand,
  ListAuditFindingsCommand,
  type ListAuditFindingsCommandInput,
  ListScheduledAuditsCommand,
  UpdateAccountAuditConfigurationCommand,
  UpdateScheduledAuditCommand,
} from '@aws-sdk/client-iot';
import { setAuditFinding } from '../../../../local/aws/iot/operations/audits';
import { errorOf, now, prefix } from './builders';
import { clock, registry, send, server, useControlPlane } from './plane';

useControlPlane();

function state(over: { readonly checkName?: string; readonly isSuppressed?: boolean } = {}) {
  clock.at += 1;
  return setAuditFinding(registry, {
    taskId: 'task-1',
    checkName: 'DEVICE_CERTIFICATE_SHARED_CHECK',
    severity: 'CRITICAL',
    resourceType: 'DEVICE_CERTIFICATE',
    resourceIdentifier: { deviceCertificateId: 'a'.repeat(64) },
    relatedResources: [],
    reasonForNonCompliance: 'shared',
    isSuppressed: false,
    ...over,
  });
}

const list = async (input: ListAuditFindingsCommandInput) => send(new ListAuditFindingsCommand(input));

describe('ListAuditFindings', () => {
  it('lists the findings of a task and a check page by page, as the API writes them', async () => {
    const first = state();
    state({ checkName: 'CONFLICTING_CLIENT_IDS_CHECK' });
    const second = state();
    const of = { taskId: 'task-1', checkName: first.checkName, maxResults: 1 };

    const page = await list(of);
    const rest = await list({ ...of, nextToken: page.nextToken });

    expect(page.findings).toEqual([
      {
        findingId: first.findingId,
        taskId: 'task-1',
        checkName: 'DEVICE_CERTIFICATE_SHARED_CHECK',
        taskStartTime: new Date(now + 1),
        findingTime: new Date(now + 1),
        severity: 'CRITICAL',
        nonCompliantResource: {
          resourceType: 'DEVICE_CERTIFICATE',
          resourceIdentifier: { deviceCertificateId: 'a'.repeat(64) },
        },
        relatedResources: [],
        reasonForNonCompliance: 'shared',
        isSuppressed: false,
      },
    ]);
    expect(rest.findings?.map(({ findingId }) => findingId)).toEqual([second.findingId]);
    expect(rest.nextToken).toBeUndefined();
  });

  it.each([
    [undefined, 2],
    [false, 1],
    [true, 1],
  ])('with listSuppressedFindings %s lists %d of a suppressed one and another', async (flag, count) => {
    state();
    state({ isSuppressed: true });

    expect((await list({ taskId: 'task-1', listSuppressedFindings: flag })).findings).toHaveLength(count);
  });

  it.each<[string, ListAuditFindingsCommandInput]>([
    ['neither a task nor a range', {}],
    ['both', { taskId: 'task-1', startTime: new Date(now), endTime: new Date(now) }],
    ['half a range', { startTime: new Date(now) }],
    ['a task that can be none', { taskId: '../x' }],
    ['a page of none', { taskId: 'task-1', maxResults: 0 }],
    ['a page too large', { taskId: 'task-1', maxResults: 251 }],
    ['a token of its own', { taskId: 'task-1', nextToken: '!' }],
  ])('refuses %s', async (_, input) => {
    expect(await errorOf(list(input))).toBe('400 InvalidRequestException');
  });
});

describe('scheduled audits', () => {
  const enable = (checkName: string, enabled = true) =>
    send(
      new UpdateAccountAuditConfigurationCommand({
        roleArn: 'arn:aws:iam::000000000000:role/audit',
        auditCheckConfigurations: { [checkName]: { enabled } },
      }),
    );
  const schedule = (input: Partial<CreateScheduledAuditCommandInput> = {}) =>
    send(
      new CreateScheduledAuditCommand({
        ...{ scheduledAuditName: 'nightly', frequency: 'DAILY', targetCheckNames: ['A_CHECK'] },
        ...input,
      }),
    );

  it('are kept, listed without their checks, and changed only in the given fields', async () => {
    await enable('A_CHECK');
    await enable('B_CHECK');
    const { scheduledAuditArn } = await schedule();
    const of = { scheduledAuditName: 'nightly', scheduledAuditArn: `${prefix}scheduledaudit/nightly` };
    expect(scheduledAuditArn).toBe(of.scheduledAuditArn);

    await send(
      new UpdateScheduledAuditCommand({
        ...{ scheduledAuditName: 'nightly', frequency: 'WEEKLY', dayOfWeek: 'SUN' },
        targetCheckNames: ['A_CHECK', 'B_CHECK'],
      }),
    );
    const when = { frequency: 'WEEKLY', dayOfWeek: 'SUN' };
    const { $metadata: _, ...described } = await send(
      new DescribeScheduledAuditCommand({ scheduledAuditName: 'nightly' }),
    );
    expect(described).toEqual({ ...of, ...when, targetCheckNames: ['A_CHECK', 'B_CHECK'] });
    expect((await send(new ListScheduledAuditsCommand({}))).scheduledAudits).toEqual([{ ...of, ...when }]);
    expect(server.asked).toContain(`iot:DescribeScheduledAudit on ${of.scheduledAuditArn}`);
  });

  it('take only enabled checks, which stay so while an audit has them, and a day if one is needed', async () => {
    expect(await errorOf(schedule())).toBe('400 InvalidRequestException');
    await enable('A_CHECK');
    expect(await errorOf(schedule({ frequency: 'WEEKLY' }))).toBe('400 InvalidRequestException');
    expect(await errorOf(schedule({ frequency: 'MONTHLY' }))).toBe('400 InvalidRequestException');
    await schedule({ frequency: 'MONTHLY', dayOfMonth: 'LAST' });
    expect(await errorOf(enable('A_CHECK', false))).toBe('400 InvalidRequestException');
    const none = new DescribeScheduledAuditCommand({ scheduledAuditName: 'none' });
    expect(await errorOf(send(none))).toBe('404 ResourceNotFoundException');
  });

  it('are five at most, each with a name of its own', async () => {
    await enable('A_CHECK');
    for (const index of [1, 2, 3, 4]) await schedule({ scheduledAuditName: `audit-${index}` });
    await schedule();
    expect(await errorOf(schedule())).toBe('409 ResourceAlreadyExistsException');
    expect(await errorOf(schedule({ scheduledAuditName: 'sixth' }))).toMatch(/LimitExceededException$/);
  });
});

describe('the configuration of Audit', () => {
  const SNS = {
    targetArn: 'arn:aws:sns:us-east-1:000000000000:t',
    roleArn: `${prefix.replace(':iot:', ':iam:')}:role/audit`,
    enabled: true,
  };
  const target = { auditNotificationTargetConfigurations: { SNS } };

  it('needs a role and an enabled check at first, and keeps what a later call leaves out', async () => {
    const roleArn = 'arn:aws:iam::000000000000:role/audit';
    const auditCheckConfigurations = { CONFLICTING_CLIENT_IDS_CHECK: { enabled: true } };

    expect(await errorOf(send(new UpdateAccountAuditConfigurationCommand(target)))).toBe(
      '400 InvalidRequestException',
    );
    await send(new UpdateAccountAuditConfigurationCommand({ roleArn, auditCheckConfigurations }));
    await send(new UpdateAccountAuditConfigurationCommand(target));

    expect(await send(new DescribeAccountAuditConfigurationCommand({}))).toMatchObject({
      roleArn,
      auditCheckConfigurations,
      ...target,
    });
  });
});
