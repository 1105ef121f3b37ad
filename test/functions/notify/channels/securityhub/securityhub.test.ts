import type { SecurityHubPlace } from '../../../../../functions/notify/channels/securityhub/channel';
import { securityhub } from '../../../../../functions/notify/channels/securityhub/descriptor';
import type { Announcement } from '../../../../../shared/domain/messages/announcement-schema';
import { now } from '../../../../builders';
import { anAnnouncement } from '../../announcements';
import { showIn } from '../../show-in';
import { connectAt, startSecurityHub } from './stand-in';

let service: Awaited<ReturnType<typeof startSecurityHub>>;
let shown: { place: SecurityHubPlace; seq: number };

beforeEach(async () => {
  service = await startSecurityHub();
  shown = { place: {}, seq: 0 };
});

afterEach(() => service.close());

async function show(over: Partial<Announcement> = {}) {
  const announcement = anAnnouncement({ seq: shown.seq + 1, ...over });
  const { place } = await showIn(connectAt(service.url), announcement, shown.seq, shown.place);
  shown = { place, seq: announcement.seq };
  const [finding, ...others] = service.hub.findings();
  expect(others).toEqual([]);
  return finding;
}

const importOnly = ['/findings/import'];
const importAndUpdate = ['/findings/import', '/findings/batchupdate'];

describe('the finding of a case in Security Hub', () => {
  it('has all that ASFF asks for, the thing as its resource and the case as its product fields', async () => {
    const link = 'https://console.example.com/console/#/cases/plant%3A7/case-1';

    expect(await show({ link })).toEqual({
      SchemaVersion: '2018-10-08',
      Id: 'cordon/us-east-1/000000000000/case-1',
      ProductArn: 'arn:aws:securityhub:us-east-1:000000000000:product/000000000000/default',
      ProductName: 'Cordon',
      CompanyName: 'Cordon',
      GeneratorId: 'cordon/spawned-child',
      AwsAccountId: '000000000000',
      CreatedAt: new Date(now - 100).toISOString(),
      UpdatedAt: new Date(now + 1).toISOString(),
      Title: 'mything1: 1 child process of myapp: contained',
      Description: 'contained: the denial is verified',
      FindingProviderFields: {
        Severity: { Label: 'CRITICAL', Original: 'critical' },
        Types: ['Unusual Behaviors'],
      },
      Remediation: {
        Recommendation: {
          Text: 'npx cordon show mything1; npx cordon release mything1; see docs/operating.md#statuses',
          Url: link,
        },
      },
      SourceUrl: link,
      ProductFields: {
        'cordon/CaseId': 'case-1',
        'cordon/Seq': '1',
        'cordon/Status': 'contained',
        'cordon/Playbook': 'spawned-child',
        'cordon/Detector': 'cordon',
        'cordon/Violations':
          '1 child process of myapp; at most 0 is normal (myapp-processes/no-child-processes)',
        'cordon/Processes': '/bin/sh -c id (pid 4242, user myapp), started by myapp < systemd',
        'cordon/Actions': 'quarantine verified: publish is explicitly denied',
        'cordon/DecidedBy': 'playbook spawned-child',
      },
      Resources: [
        {
          Type: 'Other',
          Id: 'arn:aws:iot:us-east-1:000000000000:thing/mything1',
          Partition: 'aws',
          Region: 'us-east-1',
          Details: { Other: { thingName: 'mything1', caseStatus: 'contained' } },
        },
      ],
      Workflow: { Status: 'NOTIFIED' },
      RecordState: 'ACTIVE',
    });
    expect(service.asked).toEqual(importOnly);
  });

  it('follows the case: new, notified, resolved and archived', async () => {
    const waiting = await show({ kind: 'approval-needed', status: 'awaiting-approval' });
    const contained = await show({ decided: { command: 'approve', actor: 'ada' } });
    const released = await show({ kind: 'released', status: 'closed' });

    expect([waiting, contained, released].map((one) => [one?.Workflow?.Status, one?.RecordState])).toEqual([
      ['NEW', 'ACTIVE'],
      ['NOTIFIED', 'ACTIVE'],
      ['RESOLVED', 'ARCHIVED'],
    ]);
    expect(service.asked).toEqual([...importOnly, ...importAndUpdate, ...importAndUpdate]);
  });

  it('is suppressed if a person dismissed the case', async () => {
    await show({ kind: 'observed', status: 'observed' });

    expect((await show({ kind: 'dismissed', status: 'closed' }))?.Workflow?.Status).toBe('SUPPRESSED');
  });

  it('keeps the workflow status that a person gave it, while the case stays as it is', async () => {
    await show();
    const [{ Id = '', ProductArn = '' } = {}] = service.hub.findings();
    const update = { FindingIdentifiers: [{ Id, ProductArn }], Workflow: { Status: 'SUPPRESSED' } };
    await fetch(`${service.url}findings/batchupdate`, { method: 'PATCH', body: JSON.stringify(update) });

    const further = await show({ kind: 'new-violation', text: 'another one' });

    expect([further?.Description, further?.Workflow?.Status]).toEqual([
      'contained: another one',
      'SUPPRESSED',
    ]);
  });

  it('shows the later of two states of the same millisecond', async () => {
    await show({ text: 'first' });

    expect((await show({ text: 'second' }))?.Description).toContain('second');
    expect(
      (await show({ text: 'third, of a clock that went back', at: now - 5_000 }))?.Description,
    ).toContain('third');
  });

  it('gets its workflow status even if the answer to its first import was lost', async () => {
    await show({ kind: 'approval-needed', status: 'awaiting-approval' });

    await connectAt(service.url).show(
      anAnnouncement({ seq: 2 }),
      { place: {}, lastSeq: 0, posting: true },
      { call: (call) => call(), brief: false, memory: {}, willPost: async () => {}, lost: () => {} },
    );

    expect(service.hub.findings()[0]?.Workflow?.Status).toBe('NOTIFIED');
  });

  it('gets its workflow status even if the answer to that of a state in between was lost', async () => {
    await show();
    const { place, seq: lastSeq } = shown;
    let posting: true | undefined;
    const willPost = async () => {
      posting = true;
    };
    const manner = { brief: false, memory: {}, willPost, lost: () => {} };
    const failed = connectAt(service.url).show(
      anAnnouncement({ kind: 'containment-failed', status: 'containment-failed', seq: 2 }),
      { place, lastSeq },
      {
        ...manner,
        call: async (call) => {
          const answer = await call();
          if (service.asked.at(-1) === '/findings/batchupdate') throw new Error('no answer');
          return answer;
        },
      },
    );
    await expect(failed).rejects.toThrow('no answer');
    expect(service.hub.findings()[0]?.Workflow).toEqual({ Status: 'NEW' });

    await connectAt(service.url).show(
      anAnnouncement({ seq: 3 }),
      { place, lastSeq, ...(posting && { posting }) },
      { ...manner, call: (call) => call() },
    );

    expect(service.hub.findings()[0]?.Workflow).toEqual({ Status: 'NOTIFIED' });
  });

  it('of a drill is a sample without severity', async () => {
    const finding = await show({ drill: true, thingName: 'cordon-drill-1' });

    expect([finding?.Sample, finding?.FindingProviderFields?.Severity?.Label]).toEqual([
      true,
      'INFORMATIONAL',
    ]);
  });

  it('of a thing elsewhere names its account and region, and stays in the own account', async () => {
    const thing = { account: '111111111111', region: 'eu-west-1', name: 'pump' };
    const finding = await show({ thing, thingName: '111111111111/eu-west-1/pump' });

    expect([finding?.AwsAccountId, finding?.Resources[0]?.Id]).toEqual([
      '000000000000',
      'arn:aws:iot:eu-west-1:111111111111:thing/pump',
    ]);
  });

  it.each([Number.NaN, 1e300, -1, now + 86_400_000])(
    'ignores an impossible time from a device (%d)',
    async (alarmAt) => {
      const [violation] = anAnnouncement().violations;
      const finding = await show({ violations: violation ? [{ ...violation, alarmAt }] : [] });

      expect(finding?.CreatedAt).toBe(new Date(now).toISOString());
    },
  );
});

it('an account without Security Hub is a refusal that says so', async () => {
  service.hub.enable(false);

  await expect(show()).rejects.toThrow(
    'Security Hub refused: InvalidAccessException: Account 000000000000 is not subscribed to AWS Security Hub',
  );
});

it('a finding that is not found yet is tried again', async () => {
  shown = { place: { updatedAt: now + 60_000, workflow: 'NEW' }, seq: 1 };
  const { hub } = service;
  // What was imported a moment ago may be unknown to the next call.
  const { handle } = hub.handler;
  Object.assign(hub.handler, {
    handle: async (request: Parameters<typeof handle>[0]) =>
      request.method === 'POST'
        ? { status: 200, body: '{"FailedCount":0,"SuccessCount":1,"FailedFindings":[]}' }
        : handle(request),
  });

  await expect(show()).rejects.toThrow(/^Finding Not Found$/);
});

it('the function may import findings of its own account and change nothing without a workflow status', () => {
  expect(securityhub.rights()).toEqual([
    {
      actions: ['securityhub:BatchImportFindings'],
      service: 'securityhub',
      resource: ['product/', '/default'],
    },
    {
      actions: ['securityhub:BatchUpdateFindings'],
      service: 'securityhub',
      resource: 'hub/default',
      condition: {
        StringEquals: {
          'securityhub:ASFFSyntaxPath/Workflow.Status': ['NEW', 'NOTIFIED', 'RESOLVED', 'SUPPRESSED'],
        },
      },
    },
  ]);
});
