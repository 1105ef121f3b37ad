import {
  AttachPolicyCommand,
  CreatePolicyCommand,
  DescribeJobExecutionCommand,
  DetachPolicyCommand,
  GetPolicyCommand,
  ListActiveViolationsCommand,
  ListDetectMitigationActionsExecutionsCommand,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iot';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../local/devices';
import { takeSnapshot } from '../../local/story/snapshot';
import type { Case } from '../../shared/domain/case';
import { anAlert, aReport } from './alerts';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';
import { type Packages, packageService } from './package-service';

const behaviors = ['everything', 'by-group', 'by-certificate', 'by-defender', 'watched'];

const configuration = `
detector: both
customMetrics:
${behaviors.map((name) => `  ${name}: { type: number }`).join('\n')}
securityProfiles:
  myapp-processes:
    targets: [all/registered-things]
    behaviors:
${behaviors
  .map(
    (name) => `
      - name: ${name}
        metric: ${name}
        criteria: { comparisonOperator: less-than-equals, value: { number: 0 } }`,
  )
  .join('')}
playbooks:
  - name: everything
    when: { behavior: everything }
    mode: enforce
    actions: [quarantine, deny-certificate, replace-policy-version, deactivate-certificate, disconnect, job]
  - { name: by-group, when: { behavior: by-group }, mode: enforce, actions: [quarantine, disconnect] }
  - name: by-certificate
    when: { behavior: by-certificate }
    mode: enforce
    actions: [quarantine, deny-certificate, disconnect]
  - name: by-defender
    when: { behavior: by-defender }
    mode: enforce
    actions: [quarantine, detect-mitigation-task, disconnect]
  - { name: anything-else, mode: observe }
`;

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
  expect(e2e.log.filter(({ message }) => message.startsWith('refused by IAM'))).toEqual([]);
});

/** A device with a policy of its own, as nobody may replace the version of one that others hold. */
async function enrollAlone(thingName: string, policyDocument?: string): Promise<Device> {
  const device = await e2e.enroll(thingName);
  const shared = await e2e.iot.send(new GetPolicyCommand({ policyName: 'device' }));
  const policyName = `own-${thingName}`;
  const target = device.certificateArn;
  await e2e.iot.send(
    new CreatePolicyCommand({ policyName, policyDocument: policyDocument ?? shared.policyDocument }),
  );
  await e2e.iot.send(new AttachPolicyCommand({ policyName, target }));
  await e2e.iot.send(new DetachPolicyCommand({ policyName: 'device', target }));
  return device;
}

/** All that a containment could have changed of the thing. */
async function readState(thingName: string) {
  const { policyVersions = [] } = await e2e.iot.send(
    new ListPolicyVersionsCommand({ policyName: `own-${thingName}` }),
  );
  const versions = policyVersions.map(({ versionId, isDefaultVersion }) => [versionId, isDefaultVersion]);
  return { versions, snapshot: await takeSnapshot(thingName, e2e.iot) };
}

const alertOf = (thingName: string, behavior: string, over: Readonly<Record<string, unknown>> = {}) =>
  anAlert(thingName, {
    behavior: {
      criteria: { value: { number: 0 }, comparisonOperator: 'less-than-equals' },
      name: behavior,
      metric: behavior,
    },
    ...over,
  });

/** What Device Defender would have found by itself, and tells on the topic where asked. */
async function violate(thingName: string, behavior: string, { told }: { told: boolean }): Promise<string> {
  const { violationId } = e2e.stack.registry.defender.setViolation({
    thingName,
    securityProfileName: 'myapp-processes',
    behaviorName: behavior,
    value: { number: 1 },
  });
  if (told) await e2e.publishAlert(alertOf(thingName, behavior, { violationId }));
  return violationId;
}

const statusesOf = ({ ledger }: Case) => ledger.map(({ action, status }) => `${action} ${status}`);

const telemetry = (thingName: string) => `app/${thingName}/telemetry`;

function ended(client: MqttClient): Promise<true> {
  return waitUntil(
    () => 'the end of the session',
    () => !client.connected,
  );
}

describe('a thing contained by all actions', () => {
  it('is really out, and on release is exactly what it was', async () => {
    const device = await enrollAlone('all');
    const before = await readState('all');
    const session = await e2e.connect(device);
    expect(await publishOrCut(session, telemetry('all'), '1')).toBe('acknowledged');

    await e2e.publishAlert(alertOf('all', 'everything'));
    const contained = await e2e.waitForCase('all', 'contained');

    expect(statusesOf(contained)).toEqual([
      'quarantine verified',
      'deny-certificate verified',
      'replace-policy-version verified',
      'deactivate-certificate verified',
      'job verified',
      'disconnect verified',
    ]);
    await ended(session);
    await expect(e2e.connect(device)).rejects.toThrow();
    expect(await readState('all')).not.toEqual(before);

    await e2e.command({ type: 'release', thingName: 'all', actor: 'test' });
    await e2e.waitForCase('all', 'closed');

    expect(await readState('all')).toEqual(before);
    expect(await publishOrCut(await e2e.connect(device), telemetry('all'), '2')).toBe('acknowledged');
    const { execution } = await e2e.iot.send(
      new DescribeJobExecutionCommand({ thingName: 'all', jobId: `cordon-${contained.caseId}` }),
    );
    expect(execution?.status).toBe('CANCELED');
  });

  it('is not touched where its policy is held by another thing, until a person approves', async () => {
    await e2e.enroll('sharer-1');
    const device = await e2e.enroll('sharer-2');
    const before = await takeSnapshot('sharer-2', e2e.iot);

    await e2e.publishAlert(alertOf('sharer-2', 'everything'));
    const { reason } = await e2e.waitForCase('sharer-2', 'awaiting-approval');

    expect(reason).toMatch(/^policy device is held by .*sharer-1.* as well$/);
    expect(await takeSnapshot('sharer-2', e2e.iot)).toBe(before);
    expect(await publishOrCut(await e2e.connect(device), telemetry('sharer-2'), '1')).toBe('acknowledged');
  });

  it('stops in a release conflict where somebody changed its policy meanwhile, the rest being restored', async () => {
    await enrollAlone('changed');
    await e2e.publishAlert(alertOf('changed', 'everything'));
    await e2e.waitForCase('changed', 'contained');
    const policy = { policyName: 'own-changed' };
    const { policies } = e2e.stack.registry;
    policies.createVersion(policy.policyName, JSON.stringify({ Version: '2012-10-17', Statement: [] }), true);

    await e2e.command({ type: 'release', thingName: 'changed', actor: 'test' });
    const conflict = await e2e.waitForCase('changed', 'release-conflict');

    expect(conflict.reason).toBe(
      'replace-policy-version: the default version of own-changed is 3, which is neither ours nor 1 from before',
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

  it('is not shown as contained by quarantine alone, which says why', async () => {
    const device = await enrollAlone('grouped', lettingIn('grouped', 'grouped-door'));
    await reportAs(device, 'grouped-door', 'by-group');

    const { ledger, reason } = await e2e.waitForCase('grouped', 'containing');

    expect(reason).toMatch(/a publish by client grouped-door with certificate .* would get ALLOWED/);
    expect(ledger[0]).toMatchObject({ action: 'quarantine', status: 'applied' });
  });

  it('is contained, and denied, by its certificate', async () => {
    const device = await enrollAlone('certified', lettingIn('certified', 'certified-door'));
    const session = await reportAs(device, 'certified-door', 'by-certificate');

    expect(statusesOf(await e2e.waitForCase('certified', 'contained'))).toEqual([
      'quarantine verified',
      'deny-certificate verified',
      'disconnect verified',
    ]);
    await ended(session);
    const again = await e2e.connect(device, { clientId: 'certified-door' });
    expect(await publishOrCut(again, telemetry('certified'), '1')).toBe('cut');

    await e2e.command({ type: 'release', thingName: 'certified', actor: 'test' });
    await e2e.waitForCase('certified', 'closed');
    const free = await e2e.connect(device, { clientId: 'certified-door' });
    expect(await publishOrCut(free, telemetry('certified'), '1')).toBe('acknowledged');
  });
});

describe('with Device Defender', () => {
  it('its own task puts the thing into the group, and release takes it out', async () => {
    const device = await enrollAlone('tasked');
    const before = await readState('tasked');

    const violationId = await violate('tasked', 'by-defender', { told: true });
    const contained = await e2e.waitForCase('tasked', 'contained');

    expect(statusesOf(contained)).toEqual([
      'quarantine verified',
      'detect-mitigation-task verified',
      'disconnect verified',
    ]);
    const { actionsExecutions } = await e2e.iot.send(
      new ListDetectMitigationActionsExecutionsCommand({ taskId: `cordon-${contained.caseId}` }),
    );
    expect(actionsExecutions).toMatchObject([
      { violationId, thingName: 'tasked', actionName: 'cordon-dev-quarantine', status: 'SUCCESSFUL' },
    ]);
    expect(await publishOrCut(await e2e.connect(device), telemetry('tasked'), '1')).toBe('cut');

    await e2e.command({ type: 'release', thingName: 'tasked', actor: 'test' });
    await e2e.waitForCase('tasked', 'closed');
    expect(await readState('tasked')).toEqual(before);
  });

  it('hears that a violation was dismissed as a false positive', async () => {
    await e2e.enroll('harmless');
    const violationId = await violate('harmless', 'watched', { told: true });
    await e2e.waitForCase('harmless', 'observed');

    await e2e.command({ type: 'dismiss', thingName: 'harmless', actor: 'test', comment: 'a test' });
    await e2e.waitForCase('harmless', 'closed');

    const { activeViolations } = await e2e.iot.send(
      new ListActiveViolationsCommand({ thingName: 'harmless' }),
    );
    expect(activeViolations).toMatchObject([{ violationId, verificationState: 'FALSE_POSITIVE' }]);
  });

  it('tells the sweep of a violation whose alert never came', async () => {
    const device = await enrollAlone('unheard');
    await violate('unheard', 'by-group', { told: false });

    // Every fifth minute the sweep asks for what is active.
    const run = await e2e.stack.functions.invoke('cordon-dev-sweep', { time: '2026-01-01T00:05:00Z' });
    expect(run).toMatchObject({ status: 'succeeded' });

    await e2e.waitForCase('unheard', 'contained');
    expect(await publishOrCut(await e2e.connect(device), telemetry('unheard'), '1')).toBe('cut');
  });
});
