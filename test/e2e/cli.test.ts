import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeSecurityProfileCommand,
  DetachPolicyCommand,
  DetachSecurityProfileCommand,
  ListActiveViolationsCommand,
  ListAttachedPoliciesCommand,
  ListDetectMitigationActionsExecutionsCommand,
  UpdateMitigationActionCommand,
  UpdateSecurityProfileCommand,
} from '@aws-sdk/client-iot';
import { DeleteCommand, DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { Finding } from '../../cli/doctor/finding';
import type { DrillResult } from '../../cli/drill/steps';
import { loadConfiguration } from '../../shared/config/load';
import { parseConfiguration } from '../../shared/config/parse';
import { connectTable } from '../../shared/storage/table';
import { detectionFinding } from '../cli/ocsf-schema';
import { alertOf, enrollAlone, readState, violate, writeProfiles } from './actions-setup';
import { type Cli, openCli } from './cli-process';
import { ofDeviceDefender, registerDocumented } from './documented-rights';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';
import { type Packages, packageService } from './package-service';

const behaviors = ['by-task', 'asked-about', 'watched'];

/**
 * A fleet in which Device Defender detects violations and answers first with its own mitigation task. The stack adopts
 * a group and its policy.
 */
const configuration = `
detector: device-defender
quarantine: { thingGroup: hand-made, adopt: true, policy: hand-made-deny }
${writeProfiles(behaviors)}
playbooks:
  - name: by-task
    when: { behavior: by-task }
    severity: critical
    mode: enforce
    actions: [detect-mitigation-task, quarantine, disconnect]
  - { name: asks, when: { behavior: asked-about }, mode: approve, actions: [quarantine, disconnect] }
  - { name: watches, mode: observe }
`;

let packages: Packages;
let e2e: EndToEnd;
let cli: Cli;

beforeAll(async () => {
  packages = await packageService(configuration);
  e2e = await startEndToEnd({ artifactsDirectory: packages.directory });
  cli = await openCli(e2e, configuration);
}, 180_000);

afterAll(async () => {
  await cli?.remove();
  await e2e?.close();
  await packages?.remove();
});

afterEach(() => {
  expect(e2e.log.filter(({ message }) => message.startsWith('refused by IAM'))).toEqual([]);
});

function openDynamoDb(): DynamoDBClient {
  const { gateway } = e2e.stack.aws;
  return new DynamoDBClient({
    endpoint: gateway.url,
    region: e2e.stack.identity.region,
    credentials: gateway.operatorCredentials,
  });
}

describe('an import of what this deploy made', () => {
  it('has the same profiles and custom metrics, for the same detector', async () => {
    expect(await cli.run('import', 'imported.yml')).toMatchObject({ code: 0, err: '' });

    const deployed = parseConfiguration(configuration, 'cordon.yml');
    const imported = loadConfiguration(join(cli.folder, 'imported.yml'));
    const { detector, customMetrics, securityProfiles, sources } = deployed;
    expect(imported).toMatchObject({ detector, customMetrics, securityProfiles, sources });
    expect(Object.keys(imported.securityProfiles)).toEqual(Object.keys(securityProfiles));
    expect(imported.playbooks.every(({ mode }) => mode === 'observe')).toBe(true);
  });
});

const telemetry = (thingName: string) => `app/${thingName}/telemetry`;
const succeeded = { code: 0, err: '' };

describe('a thing contained by Device Defender’s own task', () => {
  it('can be listed, shown, verified, exported and released from the command line', async () => {
    const device = await enrollAlone(e2e, 'tasked');
    const before = await readState(e2e, 'tasked');
    expect(await cli.run('list')).toEqual({
      ...succeeded,
      out: expect.stringMatching(/^No open case\.\npipeline: .*$/),
    });

    const violationId = await violate(e2e, 'tasked', 'by-task', { told: true });
    const { caseId } = await e2e.waitForCase('tasked', 'contained', 60_000);

    const { actionsExecutions } = await e2e.iot.send(
      new ListDetectMitigationActionsExecutionsCommand({ taskId: `cordon-${caseId}` }),
    );
    expect(actionsExecutions).toMatchObject([
      { violationId, thingName: 'tasked', actionName: 'cordon-dev-quarantine', status: 'SUCCESSFUL' },
    ]);
    // The adopted policy denies connecting too.
    await expect(e2e.connect(device)).rejects.toThrow('Not authorized');

    const list = await cli.run('list');
    expect(list).toEqual({
      ...succeeded,
      out: expect.stringMatching(
        new RegExp(
          `^STATUS .*\\ncontained +critical +tasked +by-task +\\d+[sm] +${caseId}\\n1 case: 1 contained\\npipeline: .*$`,
        ),
      ),
    });
    expect(JSON.parse((await cli.run('list', '--behavior', 'by-task', '--json')).out)).toMatchObject({
      cases: [{ thingName: 'tasked', caseId, status: 'contained', behaviors: ['myapp-processes/by-task'] }],
      more: false,
    });

    const { out, ...shown } = await cli.run('show', 'tasked');
    expect(shown).toEqual(succeeded);
    expect(out.split('\n').slice(0, 2)).toEqual([
      'tasked: contained',
      `case ${caseId}, critical, playbook by-task, detector device-defender`,
    ]);
    for (const line of [
      /^violation myapp-processes\/by-task: in alarm, by task is 1; at most 0 is normal$/m,
      /^action detect-mitigation-task verified: /m,
      /^action quarantine verified: /m,
      /^action disconnect verified: /m,
      /^from alert to verified denial: \d+ ms$/m,
      /^ {2}\S+Z \+ +\d+ ms {2}containment planned by playbook: detect-mitigation-task, quarantine, disconnect$/m,
    ])
      expect(out).toMatch(line);

    expect(await cli.run('verify', 'tasked')).toEqual({
      ...succeeded,
      out: expect.stringMatching(
        new RegExp(`^case ${caseId} of tasked \\(contained\\): \\d+ entries in \\d+ rows?, chain whole$`),
      ),
    });
    await clearedInVain('tasked');

    expect(await cli.run('release', 'tasked', '--comment', 'checked', '--actor', 'ada')).toEqual({
      ...succeeded,
      out: 'tasked is released: everything is as it was before.',
    });
    expect((await cli.run('history', '--thing', 'tasked')).out).toMatch(
      / ada +release ordered +tasked .* checked$/m,
    );
    expect(await readState(e2e, 'tasked')).toEqual(before);
    expect(await publishOrCut(await e2e.connect(device), telemetry('tasked'), '2')).toBe('acknowledged');
    expect(await cli.run('show', caseId)).toMatchObject({
      ...succeeded,
      out: expect.stringMatching(/^tasked: closed \(released: everything is as it was before\)\n/),
    });
    expect(await cli.run('verify', caseId)).toMatchObject({ code: 0 });
    expect(await cli.run('release', 'tasked')).toMatchObject({
      code: 3,
      out: '',
      err: expect.stringMatching(/^cordon: tasked /),
    });
  }, 240_000);

  async function clearedInVain(thingName: string): Promise<void> {
    await e2e.publishAlert(alertOf(thingName, 'by-task', { violationEventType: 'alarm-cleared' }));
    await e2e.waitForQuiet();
    expect(await e2e.loadCase(thingName)).toMatchObject({
      status: 'contained',
      violations: { 'myapp-processes/by-task': { lastEventType: 'alarm-cleared' } },
    });
  }
});

describe('the cordon command', () => {
  it('exports a case as JSON and as OCSF, to a file that only its owner can read', async () => {
    await enrollAlone(e2e, 'exported');
    await violate(e2e, 'exported', 'watched', { told: true });
    const { caseId } = await e2e.waitForCase('exported', 'observed', 60_000);

    const { out, ...ran } = await cli.run('export', 'exported');
    expect(ran).toEqual(succeeded);
    expect(JSON.parse(out)).toMatchObject({
      format: 'cordon-case',
      case: { caseId, thingName: 'exported' },
      chain: { whole: true, faults: [] },
    });

    expect(await cli.run('export', caseId, '--format', 'ocsf', '--out', 'finding.json')).toEqual({
      ...succeeded,
      out: 'finding.json is written.',
    });
    const file = join(cli.folder, 'finding.json');
    const finding: unknown = JSON.parse(await readFile(file, 'utf8'));
    expect(detectionFinding.safeParse(finding).error?.issues).toBeUndefined();
    expect(finding).toMatchObject({ finding_info: { uid: caseId }, status: 'New' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);

    expect(await cli.run('export', caseId, '--out', 'finding.json')).toEqual({
      code: 3,
      out: '',
      err: 'cordon: finding.json exists: choose another name, or use --force',
    });
  }, 120_000);

  it('names the row of a timeline that was changed', async () => {
    await enrollAlone(e2e, 'tampered');
    await violate(e2e, 'tampered', 'watched', { told: true });
    const { caseId } = await e2e.waitForCase('tampered', 'observed', 60_000);
    const sk = await tamperWith(caseId);

    expect(await cli.run('verify', 'tampered')).toEqual({
      code: 6,
      out: '',
      err: `cordon: case ${caseId} of tampered (observed): 1 row, chain BROKEN\n  ${sk}: the row was changed`,
    });
    expect(await cli.run('export', 'tampered')).toMatchObject({
      code: 0,
      err: 'its timeline is damaged: cordon verify tampered says how',
    });
  }, 120_000);

  /** Rewrites what the first row says happened, as somebody with access to the table could; returns its key. */
  async function tamperWith(caseId: string): Promise<string> {
    const dynamodb = openDynamoDb();
    const TableName = e2e.stack.deployed.outputs.TableName ?? '';
    const [row] = await connectTable(TableName, dynamodb).history.readTimeline(caseId);
    if (!row) throw new Error('no timeline');
    const entries = row.entries.map((entry) => ({ ...entry, what: 'nothing' }));
    await DynamoDBDocumentClient.from(dynamodb).send(
      new UpdateCommand({
        TableName,
        Key: { pk: `CASE#${caseId}`, sk: row.sk },
        UpdateExpression: 'SET entries = :entries',
        ExpressionAttributeValues: { ':entries': entries },
      }),
    );
    dynamodb.destroy();
    return row.sk;
  }

  it('contains and releases on command, and says why a command is refused', async () => {
    const device = await enrollAlone(e2e, 'by-hand');
    const before = await readState(e2e, 'by-hand');

    expect(await cli.run('contain', 'by-hand', '-c', 'smells')).toEqual({
      ...succeeded,
      out: 'by-hand is contained, and the denial is verified.',
    });
    // The adopted policy denies connecting too.
    await expect(e2e.connect(device)).rejects.toThrow('Not authorized');
    // A name that a list has twice is one thing.
    expect(await cli.run('comment', 'by-hand', 'by-hand', '-c', 'twice')).toMatchObject({
      ...succeeded,
      out: 'by-hand has the comment in its timeline.',
    });
    expect(await cli.run('contain', 'by-hand')).toEqual({
      code: 3,
      out: '',
      err: 'cordon: by-hand is already held (contained)',
    });
    expect(await cli.run('dismiss', 'by-hand')).toMatchObject({
      code: 3,
      err: expect.stringContaining('release it first'),
    });
    expect(await cli.run('release', 'by-hand')).toMatchObject(succeeded);
    expect(await readState(e2e, 'by-hand')).toEqual(before);
    expect(await cli.run('contain', 'no-such-thing', '--wait', '20')).toMatchObject({ code: 3, out: '' });
  }, 180_000);

  it('approves, rejects and dismisses, and reports the false positive to Device Defender', async () => {
    for (const thingName of ['approved', 'rejected']) {
      await enrollAlone(e2e, thingName);
      await violate(e2e, thingName, 'asked-about', { told: true });
      await e2e.waitForCase(thingName, 'awaiting-approval', 60_000);
    }

    expect(await cli.run('approve', 'approved')).toEqual({
      ...succeeded,
      out: 'approved is contained, and the denial is verified.',
    });
    expect(await cli.run('approve', 'approved')).toMatchObject({ code: 3, out: '' });
    const both = await cli.run('approve', 'approved', 'no-such-thing');
    expect(both).toMatchObject({ code: 3, out: '' });
    expect(both.err.split('\n')).toEqual([
      'approved has nothing that awaits approval',
      'no-such-thing has nothing that awaits approval',
      'cordon: 2 of 2 things failed',
    ]);
    expect(await cli.run('reject', 'rejected', '-c', 'a test')).toEqual({
      ...succeeded,
      out: 'rejected is not contained; its violation stays on record.',
    });
    expect((await e2e.loadCase('rejected'))?.ledger).toEqual([]);
    expect(await cli.run('dismiss', 'rejected')).toEqual({
      ...succeeded,
      out: 'rejected has no open case any more.',
    });
    const { activeViolations } = await e2e.iot.send(
      new ListActiveViolationsCommand({ thingName: 'rejected' }),
    );
    expect(activeViolations).toMatchObject([{ verificationState: 'FALSE_POSITIVE' }]);
  }, 180_000);

  it('replays stored values under the present rules, and changes nothing', async () => {
    await enrollAlone(e2e, 'replayed');
    await violate(e2e, 'replayed', 'watched', { told: true });
    const before = await e2e.waitForCase('replayed', 'observed', 60_000);

    const { out, ...ran } = await cli.run('replay', '--since', '1d');

    expect(ran).toEqual(succeeded);
    expect(out).toMatch(/^\d+ alerts? of \d+ things?, /);
    expect(out).toMatch(
      /^Present \(\S*cordon\.yml\): contained \d+ things?, asked about \d+, only recorded \d+$/m,
    );
    expect(out).toMatch(/^ {2}watches: contained 0, asked about 0, only recorded [1-9]/m);
    expect(await e2e.loadCase('replayed')).toEqual(before);
  }, 120_000);
});

describe('what happened, and what was measured,', () => {
  it('is printed as it happens, until Ctrl-C', async () => {
    const { code, out } = await cli.follow(
      /"what":"in alarm"/,
      'tail',
      '--since',
      '1h',
      '--thing',
      'replayed',
      '--json',
    );

    expect(code).toBe(0);
    const happened = out.split('\n').map((line) => JSON.parse(line));
    expect(happened.map(({ thingName }) => thingName)).toEqual(happened.map(() => 'replayed'));
    expect(happened[0]).toMatchObject({
      what: 'case opened',
      caseId: expect.stringMatching(/^[\da-f]{24}$/),
    });
  }, 60_000);

  it('is not there for a thing without stored values, with the reason', async () => {
    const { code, out, err } = await cli.run('metrics', 'replayed');

    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^cordon: .*replayed/);
  }, 60_000);
});

it('an adopted group gets its adopted policy again from the sweep, if somebody detached it', async () => {
  const policyName = 'hand-made-deny';
  const target = 'arn:aws:iot:us-east-1:000000000000:thinggroup/hand-made';
  await e2e.iot.send(new DetachPolicyCommand({ policyName, target }));

  expect(await e2e.stack.functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });

  const { policies = [] } = await e2e.iot.send(new ListAttachedPoliciesCommand({ target }));
  expect(policies.map((policy) => policy.policyName)).toContain(policyName);
}, 60_000);

it('one mail lists the cases that were only recorded', async () => {
  const digests = () => e2e.stack.aws.mails().filter(({ subject }) => subject.endsWith('] digest (Cordon)'));
  const documents = DynamoDBDocumentClient.from(openDynamoDb());
  // The first case is older than what the digest leaves to the next one.
  await waitUntil(
    () => 'the digest',
    async () => {
      expect(await e2e.stack.functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });
      if (digests().length > 0) return true;
      await documents.send(
        new DeleteCommand({ TableName: 'cordon-dev', Key: { pk: 'DIGEST', sk: 'STATE' } }),
      );
      return false;
    },
    60_000,
  );

  const [digest] = digests();
  expect(digest?.subject).toMatch(/^\[\d cases? recorded, nothing done\] digest \(Cordon\)$/);
  expect(digest?.body).toMatch(/^Cases: {4}[\w-]+\/watched \(.*\): exported/m);
  expect(e2e.stack.aws.mails().filter(({ subject }) => subject.includes('] exported '))).toEqual([]);
}, 90_000);

it('a drill uses the adopted group and its policy', async () => {
  const { out, code } = await cli.run('drill', '--json', '--behavior', 'myapp-processes/by-task');
  const { held, steps } = JSON.parse(out) as DrillResult;

  expect(steps.filter(({ status }) => status === 'failed')).toEqual([]);
  expect([held, code]).toEqual([true, 0]);
  const { status, detail } = steps.find(({ step }) => step === 'kept-topics-open') ?? {};
  expect([status, detail]).toEqual(['open', 'hand-made-deny of the account denies it too']);
  expect(steps.find(({ step }) => step === 'contained')?.detail).toMatch(/, in the adopted group hand-made$/);
}, 120_000);

it('the doctor names what somebody changed in Device Defender by hand, with the rights of docs/iam/doctor.json', async () => {
  const caller = await registerDocumented(e2e, 'doctor');
  const doctor = await openCli(e2e, configuration, caller.credentials);
  const examine = async () => {
    const { out, err } = await doctor.run('doctor', '--json');
    expect(err).toBe('');
    return (JSON.parse(out) as Finding[]).filter(({ what }) => /profile|custom metric|mitigation/.test(what));
  };
  try {
    expect(await examine()).toMatchObject([
      { level: 'ok', what: '3 of 100 custom metrics, and at most 1 of 5 security profiles of a target' },
    ]);
    const securityProfileName = 'myapp-processes';
    const { behaviors = [] } = await e2e.iot.send(
      new DescribeSecurityProfileCommand({ securityProfileName }),
    );
    const silenced = behaviors.map((behavior) => ({
      ...behavior,
      suppressAlerts: behavior.name === 'by-task',
    }));
    await e2e.iot.send(
      new UpdateSecurityProfileCommand({
        securityProfileName,
        behaviors: silenced,
        deleteAlertTargets: true,
      }),
    );
    const securityProfileTargetArn = 'arn:aws:iot:us-east-1:000000000000:all/registered-things';
    await e2e.iot.send(new DetachSecurityProfileCommand({ securityProfileName, securityProfileTargetArn }));
    await e2e.iot.send(
      new UpdateMitigationActionCommand({
        actionName: 'cordon-dev-quarantine',
        actionParams: { addThingsToThingGroupParams: { thingGroupNames: ['nowhere'] } },
      }),
    );

    const told = (await examine()).map(({ level, what }) => `${level} ${what}`);
    for (const expected of [
      'problem security profile myapp-processes: behavior by-task: SuppressAlerts was false and is true',
      'problem security profile myapp-processes: AlertTargets.SNS is not as deployed',
      `problem security profile myapp-processes: it is not attached to ${securityProfileTargetArn}`,
    ])
      expect(told).toContain(expected);
    expect(told.join('\n')).toMatch(/^problem mitigation action cordon-dev-quarantine: ActionParams/m);
    expect(caller.used()).toEqual(expect.arrayContaining(ofDeviceDefender));
  } finally {
    await doctor.remove();
  }
}, 120_000);
