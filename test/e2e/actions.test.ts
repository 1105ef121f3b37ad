import { createHash, X509Certificate } from 'node:crypto';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  CreateThingGroupCommand,
  DescribeCertificateCommand,
  DescribeJobExecutionCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  ListActiveViolationsCommand,
  ListDetectMitigationActionsExecutionsCommand,
} from '@aws-sdk/client-iot';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../local/devices';
import type { PolicyDocument } from '../../local/types';
import { takeSnapshot } from '../../proof/snapshot';
import type { CaseInWords } from '../../shared/domain/messages/describe-case';
import { thingKey } from '../../shared/domain/thing-ref';
import {
  alertOf,
  configuration,
  enrollAlone,
  readState,
  rightsOfNamedActions,
  takeRights,
  violate,
} from './actions-setup';
import { aReport } from './alerts';
import { type EndToEnd, ended, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';
import { type Packages, packageService } from './package-service';

let packages: Packages;
let e2e: EndToEnd;

beforeAll(async () => {
  packages = await packageService(configuration);
  e2e = await startEndToEnd({ artifactsDirectory: packages.directory });
}, 120_000);

afterAll(async () => {
  await e2e?.close();
  await packages?.remove();
});

afterEach(() => {
  // Each call of each test is made under the roles of the packaged template.
  const refused = e2e.log.filter(({ message }) => message.startsWith('refused by IAM'));
  expect(refused.filter(({ message }) => !forged.test(message))).toEqual([]);
});

/** Roles that may not send a finding, and try it. */
const forged =
  /: (deployer|stranger|undefined) may not (sns:Publish on \S+:cordon-dev-findings-siem|sqs:SendMessage on \S+:cordon-dev-findings)$/;

const statusesOf = ({ ledger }: CaseInWords) => ledger.map(({ action, status }) => `${action} ${status}`);

const telemetry = (thingName: string) => `app/${thingName}/telemetry`;

describe('a thing contained by all actions', () => {
  it('is denied in fact, and exactly as before after the release', async () => {
    const device = await enrollAlone(e2e, 'all');
    const before = await readState(e2e, 'all');
    const session = await e2e.connect(device);
    expect(await publishOrCut(session, telemetry('all'), '1')).toBe('acknowledged');

    await e2e.publishAlert(alertOf('all', 'everything'));
    const contained = await e2e.waitForCase('all', 'contained');

    expect(statusesOf(contained)).toEqual([
      'deactivate-certificate verified',
      'disconnect verified',
      'quarantine verified',
      'deny-certificate verified',
      'replace-policy-version verified',
      'job verified',
    ]);
    await ended(session);
    await expect(e2e.connect(device)).rejects.toThrow();
    expect(await readState(e2e, 'all')).not.toEqual(before);

    await e2e.command({ type: 'release', thingName: thingKey('all'), actor: 'test' });
    await e2e.waitForCase('all', 'closed');

    expect(await readState(e2e, 'all')).toEqual(before);
    expect(await publishOrCut(await e2e.connect(device), telemetry('all'), '2')).toBe('acknowledged');
    const { execution } = await e2e.iot.send(
      new DescribeJobExecutionCommand({ thingName: 'all', jobId: `cordon-${contained.caseId}` }),
    );
    expect(execution?.status).toBe('CANCELED');
  });

  it('is released under a later cordon.yml that names none of them', async () => {
    await enrollAlone(e2e, 'outlasting');
    const before = await readState(e2e, 'outlasting');
    await e2e.publishAlert(alertOf('outlasting', 'everything'));
    await e2e.waitForCase('outlasting', 'contained');

    const restore = await takeRights(e2e, rightsOfNamedActions);
    await e2e.command({ type: 'release', thingName: thingKey('outlasting'), actor: 'test' });
    await e2e.waitForCase('outlasting', 'closed');
    await restore();

    expect(await readState(e2e, 'outlasting')).toEqual(before);
  });

  it('has every version of a full policy restored on release, with its text', async () => {
    await enrollAlone(e2e, 'full');
    const policyName = 'own-full';
    const { policies } = e2e.stack.registry;
    const note = (text: string) => JSON.stringify({ Version: '2012-10-17', Statement: [], Id: text });
    for (const text of ['two', 'three', 'four', 'five']) policies.createVersion(policyName, note(text));
    const textOf = async (policyVersionId: string) =>
      (await e2e.iot.send(new GetPolicyVersionCommand({ policyName, policyVersionId }))).policyDocument;
    policies.setDefaultVersion(policyName, '2');
    policies.deleteVersion(policyName, '1');
    policies.createVersion(policyName, note('six'));
    policies.setDefaultVersion(policyName, '2');

    await e2e.publishAlert(alertOf('full', 'everything'));
    const { ledger } = await e2e.waitForCase('full', 'contained');
    expect(ledger.find(({ action }) => action === 'replace-policy-version')?.prior).toMatchObject({
      policies: [
        { policyName, defaultVersionId: '2', versionToDrop: { versionId: '3', document: note('three') } },
      ],
    });
    await e2e.command({ type: 'release', thingName: thingKey('full'), actor: 'test' });
    await e2e.waitForCase('full', 'closed');

    const { versions } = await readState(e2e, 'full');
    expect(versions.toSorted()).toEqual([
      ['2', true],
      ['4', false],
      ['5', false],
      ['6', false],
      ['8', false],
    ]);
    expect(await textOf('8')).toBe(note('three'));
  });

  it('is denied by its certificate if it is in ten groups, and the case quotes the answer of AWS', async () => {
    const device = await enrollAlone(e2e, 'grouped-up');
    for (let index = 0; index < 10; index += 1) {
      const thingGroupName = `group-${index}`;
      await e2e.iot.send(new CreateThingGroupCommand({ thingGroupName }));
      await e2e.iot.send(new AddThingToThingGroupCommand({ thingGroupName, thingName: 'grouped-up' }));
    }
    const before = await readState(e2e, 'grouped-up');

    // This playbook names no other denial, and the policy of the thing needs none.
    await e2e.publishAlert(alertOf('grouped-up', 'by-group'));
    const contained = await e2e.waitForCase('grouped-up', 'contained');

    expect(contained.ledger.find(({ action }) => action === 'quarantine')?.detail).toMatch(
      /^InvalidRequestException: .*10/,
    );
    expect(statusesOf(contained)).toEqual([
      'disconnect verified',
      'quarantine failed',
      'deny-certificate verified',
    ]);
    expect(await publishOrCut(await e2e.connect(device), telemetry('grouped-up'), '1')).toBe('cut');
    await e2e.command({ type: 'release', thingName: thingKey('grouped-up'), actor: 'test' });
    await e2e.waitForCase('grouped-up', 'closed');
    expect(await readState(e2e, 'grouped-up')).toEqual(before);
  });

  it('is not changed before an approval if another thing uses its policy', async () => {
    await e2e.enroll('sharer-1');
    const device = await e2e.enroll('sharer-2');
    const before = await takeSnapshot(e2e.iot, 'sharer-2');

    await e2e.publishAlert(alertOf('sharer-2', 'everything'));
    const { reason } = await e2e.waitForCase('sharer-2', 'awaiting-approval');

    expect(reason).toMatch(/^policy device is held by .*sharer-1.* as well$/);
    expect(await takeSnapshot(e2e.iot, 'sharer-2')).toEqual(before);
    expect(await publishOrCut(await e2e.connect(device), telemetry('sharer-2'), '1')).toBe('acknowledged');
  });

  it('stops in a release conflict if somebody changed its policy in the meantime, with the rest restored', async () => {
    await enrollAlone(e2e, 'changed');
    await e2e.publishAlert(alertOf('changed', 'everything'));
    await e2e.waitForCase('changed', 'contained');
    const policy = { policyName: 'own-changed' };
    const { policies } = e2e.stack.registry;
    policies.createVersion(policy.policyName, JSON.stringify({ Version: '2012-10-17', Statement: [] }), true);

    await e2e.command({ type: 'release', thingName: thingKey('changed'), actor: 'test' });
    const conflict = await e2e.waitForCase('changed', 'release-conflict');

    expect(conflict.reason).toBe(
      "replace-policy-version: the default version of policy own-changed is 3, which is neither Cordon's nor 1 from before",
    );
    expect(statusesOf(conflict).filter((status) => !status.endsWith('reverted'))).toEqual([
      'replace-policy-version conflict',
    ]);
    expect(await e2e.iot.send(new GetPolicyCommand(policy))).toMatchObject({ defaultVersionId: '3' });
  });
});

describe('a device that connects under another client id', () => {
  /** A policy that lets the device connect under these ids, and do anything then. */
  const lettingIn = (...clientIds: readonly string[]) => {
    const Resource = clientIds.map((id) => `arn:aws:iot:us-east-1:000000000000:client/${id}`);
    const statements = [
      { Effect: 'Allow', Action: 'iot:Connect', Resource },
      { Effect: 'Allow', Action: ['iot:Publish', 'iot:Subscribe', 'iot:Receive'], Resource: '*' },
    ];
    return JSON.stringify({ Version: '2012-10-17', Statement: statements });
  };

  /** Reports a violation of the behavior under a client id that is not the thing's name. */
  async function reportAs(device: Device, clientId: string, metric: string): Promise<MqttClient> {
    const client = await e2e.connect(device, { clientId });
    const report = { ...aReport(0), custom_metrics: { [metric]: [{ number: 1 }] } };
    await publishOrCut(client, `cordon/things/${device.thingName}/reports/json`, JSON.stringify(report));
    return client;
  }

  it('is denied by its certificate too, even if the playbook names only quarantine', async () => {
    const device = await enrollAlone(e2e, 'grouped', lettingIn('grouped', 'grouped-door'));
    const session = await reportAs(device, 'grouped-door', 'by-group');

    expect(statusesOf(await e2e.waitForCase('grouped', 'contained'))).toContain('deny-certificate verified');

    await ended(session);
    await expect(e2e.connect(device, { clientId: 'grouped-door' })).rejects.toThrow('Not authorized');
    expect(await publishOrCut(await e2e.connect(device), telemetry('grouped'), '1')).toBe('cut');
  });

  it('is contained, and denied, by its certificate', async () => {
    const device = await enrollAlone(e2e, 'certified', lettingIn('certified', 'certified-door'));
    const session = await reportAs(device, 'certified-door', 'by-certificate');

    expect(statusesOf(await e2e.waitForCase('certified', 'contained'))).toEqual([
      'disconnect verified',
      'quarantine verified',
      'deny-certificate verified',
    ]);
    await ended(session);
    await expect(e2e.connect(device, { clientId: 'certified-door' })).rejects.toThrow('Not authorized');

    await e2e.command({ type: 'release', force: true, thingName: thingKey('certified'), actor: 'test' });
    await e2e.waitForCase('certified', 'closed');
    const free = await e2e.connect(device, { clientId: 'certified-door' });
    expect(await publishOrCut(free, telemetry('certified'), '1')).toBe('acknowledged');
  });
});

describe('Device Defender', () => {
  it('adds the thing to the group by its own task, and the release removes the thing', async () => {
    const device = await enrollAlone(e2e, 'tasked');
    const before = await readState(e2e, 'tasked');

    const violationId = await violate(e2e, 'tasked', 'by-defender', { told: true });
    const contained = await e2e.waitForCase('tasked', 'contained');

    expect(statusesOf(contained)).toEqual([
      'disconnect verified',
      'quarantine verified',
      'detect-mitigation-task verified',
    ]);
    const { actionsExecutions } = await e2e.iot.send(
      new ListDetectMitigationActionsExecutionsCommand({ taskId: `cordon-${contained.caseId}` }),
    );
    expect(actionsExecutions).toMatchObject([
      { violationId, thingName: 'tasked', actionName: 'cordon-dev-quarantine', status: 'SUCCESSFUL' },
    ]);
    expect(await publishOrCut(await e2e.connect(device), telemetry('tasked'), '1')).toBe('cut');

    await e2e.command({ type: 'release', thingName: thingKey('tasked'), actor: 'test' });
    await e2e.waitForCase('tasked', 'closed');
    expect(await readState(e2e, 'tasked')).toEqual(before);
  });

  it('is notified that a violation was dismissed as a false positive', async () => {
    await e2e.enroll('harmless');
    const violationId = await violate(e2e, 'harmless', 'watched', { told: true });
    await e2e.waitForCase('harmless', 'observed');

    await e2e.command({ type: 'dismiss', thingName: thingKey('harmless'), actor: 'test', comment: 'a test' });
    await e2e.waitForCase('harmless', 'closed');

    const { activeViolations } = await e2e.iot.send(
      new ListActiveViolationsCommand({ thingName: 'harmless' }),
    );
    expect(activeViolations).toMatchObject([{ violationId, verificationState: 'FALSE_POSITIVE' }]);
  });

  it('shows the sweep a violation whose alert never arrived', async () => {
    const device = await enrollAlone(e2e, 'unheard');
    await violate(e2e, 'unheard', 'by-group', { told: false });

    // Every fifth minute the sweep asks for what is active.
    const run = await e2e.stack.functions.invoke('cordon-dev-sweep', { time: '2026-01-01T00:05:00Z' });
    expect(run).toMatchObject({ status: 'succeeded' });

    await e2e.waitForCase('unheard', 'contained');
    expect(await publishOrCut(await e2e.connect(device), telemetry('unheard'), '1')).toBe('cut');
  });
});

describe('findings of an audit', () => {
  const permissive = 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK';
  const state = async (resourceType: string, resourceIdentifier: object, checkName: string) => {
    const { status } = await fetch(`${e2e.stack.aws.gateway.url}/_cordon/audit-findings`, {
      method: 'POST',
      body: JSON.stringify({
        ...{ taskId: 'audit-1', severity: 'CRITICAL', checkName, resourceType, resourceIdentifier },
        reasonForNonCompliance: 'for the test',
      }),
    });
    expect(status).toBe(200);
  };
  const finish = (taskId: string, checkRunStatus: string, ...checks: readonly string[]) =>
    e2e.publishAlert(
      JSON.stringify({
        ...{ accountId: e2e.stack.identity.accountId, taskId, taskStatus: 'COMPLETED' },
        ...{ taskType: 'SCHEDULED_AUDIT_TASK', taskStartTime: Date.now() },
        auditDetails: checks.map((checkName) => ({
          ...{ checkName, checkRunStatus, nonCompliantResourcesCount: 1, totalResourcesCount: 2 },
          suppressedNonCompliantResourceCount: 0,
        })),
      }),
    );

  it('become cases of the things of a policy or a certificate, until a later audit has them no more', async () => {
    await enrollAlone(e2e, 'audited');
    const { certificateArn } = await enrollAlone(e2e, 'shared');
    await e2e.iot.send(new CreateThingGroupCommand({ thingGroupName: 'audited-things' }));
    const target = `${certificateArn.split(':cert/')[0]}:thinggroup/audited-things`;
    await e2e.iot.send(new AttachPolicyCommand({ policyName: 'own-audited', target }));
    const identifier = { policyName: 'own-audited', policyVersionId: '1' };
    await state('IOT_POLICY', { policyVersionIdentifier: identifier }, permissive);
    const certificate = { deviceCertificateId: certificateArn.split('/').at(-1) };
    await state('DEVICE_CERTIFICATE', certificate, 'DEVICE_CERTIFICATE_SHARED_CHECK');

    const checks = [permissive, 'DEVICE_CERTIFICATE_SHARED_CHECK', 'LOGGING_DISABLED_CHECK'];
    await finish('audit-1', 'COMPLETED_NON_COMPLIANT', ...checks);

    expect(await e2e.waitForCase('shared', 'awaiting-approval')).toMatchObject({
      playbook: 'shared-certificate',
    });
    expect(await e2e.waitForCase('audited', 'observed')).toMatchObject({
      detector: 'audit',
      severity: 'critical',
      violations: { [`audit finding/${permissive}/own-audited`]: { reason: 'for the test' } },
    });
    const statusOf = async () => {
      const { certificateDescription } = await e2e.iot.send(
        new DescribeCertificateCommand({ certificateId: certificate.deviceCertificateId }),
      );
      return certificateDescription?.status;
    };
    await e2e.command({ type: 'approve', thingName: thingKey('shared'), actor: 'ada' });
    expect(statusesOf(await e2e.waitForCase('shared', 'contained'))).toEqual([
      'deactivate-certificate verified',
    ]);
    expect(await statusOf()).toBe('INACTIVE');
    await e2e.command({ type: 'release', thingName: thingKey('shared'), actor: 'ada' });
    await e2e.waitForCase('shared', 'closed');
    expect(await statusOf()).toBe('ACTIVE');
    await finish('audit-2', 'COMPLETED_COMPLIANT', permissive);
    expect((await e2e.waitForCase('audited', 'closed')).reason).toBe('all violations cleared');
    const revoked = 'REVOKED_CA_CERTIFICATE_STILL_ACTIVE_CHECK';
    const ca = new X509Certificate(e2e.stack.ca.certificatePem);
    const caCertificateId = createHash('sha256').update(ca.raw).digest('hex');
    await state('CA_CERTIFICATE', { caCertificateId }, revoked);
    await finish('audit-1', 'COMPLETED_NON_COMPLIANT', revoked);
    expect((await e2e.waitForCase('audited', 'observed')).violations).toHaveProperty([
      `audit finding/${revoked}/${caCertificateId}`,
    ]);
  }, 120_000);
});

describe('findings of another product', () => {
  const topicArn = () => {
    const { region, accountId } = e2e.stack.identity;
    return `arn:aws:sns:${region}:${accountId}:cordon-dev-findings-siem`;
  };

  /** A session of a role, which has these rights of its own. */
  function openRole(name: string, ...documents: PolicyDocument[]): SNSClient {
    const { gateway } = e2e.stack.aws;
    const { accountId, region } = e2e.stack.identity;
    const accessKeyId = `ASIA${name.toUpperCase().padEnd(16, '0')}`;
    const arn = `arn:aws:sts::${accountId}:assumed-role/${name}/session`;
    gateway.registerCaller(accessKeyId, { caller: { accessKeyId, arn, functionName: name }, documents });
    return new SNSClient({
      ...{ endpoint: gateway.url, region, maxAttempts: 1 },
      credentials: { accessKeyId, secretAccessKey: 'x' },
    });
  }

  const writeFinding = (thingName: string, uid: string, over: object = {}) => ({
    ...{ activity_id: 1, category_uid: 2, class_uid: 2004, type_uid: 200_401, severity_id: 4 },
    time: Date.now(),
    metadata: { version: '1.6.0', product: { name: 'Acme NDR' } },
    finding_info: { uid, title: 'Beacon to 203.0.113.9' },
    resources: [{ type: 'AWS::IoT::Thing', name: thingName }],
    ...over,
  });
  const publish = (sns: SNSClient, thingName: string, uid: string, over?: object) =>
    sns.send(
      new PublishCommand({
        TopicArn: topicArn(),
        Message: JSON.stringify(writeFinding(thingName, uid, over)),
      }),
    );

  it('have as many things contained as their sender may, ask for the next, and are set aside if they are of another account', async () => {
    for (const thingName of ['beacon', 'beacon-too']) await e2e.enroll(thingName);
    // In one account the topic's policy is enough.
    const siem = openRole('siem');

    await publish(siem, 'beacon', 'f-1');
    const contained = await e2e.waitForCase('beacon', 'contained');
    await publish(siem, 'beacon-too', 'f-2');
    const asked = await e2e.waitForCase('beacon-too', 'awaiting-approval');
    const foreign = { resources: [{ uid: 'arn:aws:iot:us-east-1:210987654321:thing/beacon' }] };
    await publish(siem, 'beacon', 'f-3', foreign);

    expect(contained).toMatchObject({
      playbook: 'of-siem',
      detector: 'external',
      violations: { 'external finding/siem/f-1': { title: 'Beacon to 203.0.113.9', product: 'Acme NDR' } },
    });
    expect(asked.reason).toBe('siem has reached its limit: 1 thing within 1 hour');
    const aside = await waitUntil(
      () => 'the finding of another account among the rejected',
      async () => (await e2e.rejected()).find(({ reason }) => reason.includes('210987654321')),
      60_000,
    );
    expect(aside.reason).toMatch(/^resources\.0: a thing of 210987654321/);
  }, 120_000);

  it('are accepted from the publishers that the topic names, and from no other role or user', async () => {
    const all = { Effect: 'Allow' as const, Action: 'sns:*', Resource: '*' };
    const mayEverything = openRole('deployer', { Version: '2012-10-17', Statement: [all] });
    const mayNothing = openRole('stranger');

    for (const sns of [mayEverything, mayNothing, e2e.sns])
      await expect(publish(sns, 'beacon', 'forged')).rejects.toThrow(
        /is not authorized to perform: sns:Publish on resource: .*findings-siem with an explicit deny in a resource-based policy/,
      );
    // Nobody can send an envelope that names the topic directly to its queue either.
    const forged = {
      Type: 'Notification',
      TopicArn: topicArn(),
      Message: JSON.stringify(writeFinding('beacon', 'f')),
    };
    await expect(e2e.sendTo('findings', JSON.stringify(forged))).rejects.toThrow(
      /sqs:SendMessage on resource: .*cordon-dev-findings with an explicit deny in a resource-based policy/,
    );
  });

  it('come by EventBridge, whose rule the topic lets publish', async () => {
    await e2e.enroll('sensed');
    const { gateway } = e2e.stack.aws;
    const events = new EventBridgeClient({
      ...{ endpoint: gateway.url, region: e2e.stack.identity.region },
      credentials: gateway.operatorCredentials,
    });
    const put = (Source: string, uid: string) =>
      events.send(
        new PutEventsCommand({
          Entries: [
            {
              Source,
              DetailType: 'Finding',
              Detail: JSON.stringify(writeFinding('sensed', uid, { severity_id: 1 })),
            },
          ],
        }),
      );

    await put('acme.other', 'not-sent');
    await put('acme.ndr', 'f-9');

    expect(Object.keys((await e2e.waitForCase('sensed', 'observed')).violations)).toEqual([
      'external finding/siem/f-9',
    ]);
    events.destroy();
  }, 60_000);
});
