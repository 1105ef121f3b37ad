import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ApiGatewayV2Client, DeleteRouteCommand, GetRoutesCommand } from '@aws-sdk/client-apigatewayv2';
import { CloudWatchLogsClient, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { UpdateContinuousBackupsCommand, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { DeleteRolePolicyCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AttachPolicyCommand,
  AttachThingPrincipalCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateScheduledAuditCommand,
  DetachPolicyCommand,
  DisableTopicRuleCommand,
  UpdateAccountAuditConfigurationCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import { LambdaClient, UpdateFunctionCodeCommand } from '@aws-sdk/client-lambda';
import { DeleteBucketPolicyCommand, DeletePublicAccessBlockCommand, S3Client } from '@aws-sdk/client-s3';
import { ListSubscriptionsByTopicCommand, SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { DeleteQueueCommand, GetQueueUrlCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { strToU8, zipSync } from 'fflate';
import type { Finding } from '../../cli/doctor/finding';
import { connectTable } from '../../shared/storage/table';
import { type Cli, openCli } from './cli-process';
import { type DocumentedCaller, ofDeviceDefender, registerDocumented } from './documented-rights';
import { type EndToEnd, root, startEndToEnd, waitUntil } from './harness';

let e2e: EndToEnd;
/** The command with the rights of docs/iam/doctor.json only. */
let cli: Cli;
let caller: DocumentedCaller;

beforeAll(async () => {
  e2e = await startEndToEnd();
  caller = await registerDocumented(e2e, 'doctor');
  cli = await openCli(e2e, await readFile(join(root, 'cordon.yml'), 'utf8'), caller.credentials);
}, 120_000);

afterAll(async () => {
  await cli?.remove();
  await e2e?.close();
});

async function examine(...args: readonly string[]): Promise<{ code: number; found: readonly Finding[] }> {
  const { code, out } = await cli.run('doctor', '--json', ...args);
  return { code, found: JSON.parse(out) };
}

const problemsOf = (found: readonly Finding[]) =>
  found.filter(({ level }) => level === 'problem').map(({ what }) => what);

describe('cordon doctor', () => {
  it('finds no fault in a newly deployed stack, with the rights of docs/iam/doctor.json', async () => {
    await e2e.enroll('healthy');
    expect(await e2e.stack.functions.invoke('cordon-dev-sweep', {})).toMatchObject({ status: 'succeeded' });
    await waitUntil(
      () => 'a heartbeat',
      () => connectTable(e2e.stack.deployed.outputs.TableName ?? '', e2e.dynamodb).heartbeats.read(),
    );

    const { code, found } = await examine('--send-test');

    expect([code, problemsOf(found)]).toEqual([0, []]);
    const checkName = 'LOGGING_DISABLED_CHECK';
    await e2e.iot.send(
      new UpdateAccountAuditConfigurationCommand({
        roleArn: 'arn:aws:iam::000000000000:role/audit',
        auditCheckConfigurations: { [checkName]: { enabled: true } },
      }),
    );
    await e2e.iot.send(
      new CreateScheduledAuditCommand({
        ...{ scheduledAuditName: 'nightly', frequency: 'DAILY', targetCheckNames: [checkName] },
      }),
    );
    // Audit notifies nobody yet, and whether it does is asked only if a cordon.yml takes its findings.
    const auditing = `sources: { deviceDefender: { audit: true } }\n${await readFile(join(root, 'cordon.yml'), 'utf8')}`;
    await writeFile(join(cli.folder, 'auditing.yml'), auditing);
    expect(problemsOf((await examine('--config', 'auditing.yml')).found)).toEqual([
      'it publishes to no topic when an audit is over',
    ]);
    // What the local stack lacks is printed, and is no reason to fail.
    const unknown = found.filter(({ level }) => level === 'unknown');
    expect(unknown.map(({ about }) => about).toSorted()).toEqual([
      'alarms',
      'as deployed',
      'concurrency',
      'function errors',
    ]);
    for (const { what } of unknown) expect(what).toMatch(/the local stack has no (CloudWatch|account limit)/);
    const notHere = ['cloudwatch:DescribeAlarms', 'cloudwatch:GetMetricData', 'lambda:GetAccountSettings'];
    const used = caller.used().filter((action) => !/[ .]/.test(action));
    // A stack of Device Defender is in test/e2e/cli.
    expect([...used, ...notHere, ...ofDeviceDefender].toSorted()).toEqual(caller.granted);
    expect(e2e.log.filter(({ message }) => message.startsWith('refused by IAM'))).toEqual([]);
    expect(e2e.stack.aws.slack.messages().map(({ text }) => text)).toEqual([
      'Test message of cordon doctor: nothing happened.',
    ]);
  }, 120_000);

  it('names each of many deliberate faults, and says how to repair it', async () => {
    const { iot, sns, sqs, stack } = e2e;
    const prefix = 'cordon-dev';
    const arn = (kind: string, name: string) => `arn:aws:${kind}:us-east-1:000000000000:${name}`;
    const [shared, spare, wide] = [
      await e2e.enroll('shared'),
      await e2e.enroll('spare'),
      await e2e.enroll('wide'),
    ];
    await e2e.enroll('neighbor');
    await iot.send(
      new AttachThingPrincipalCommand({ thingName: 'neighbor', principal: shared.certificateArn }),
    );
    await iot.send(
      new UpdateCertificateCommand({
        certificateId: spare.certificateArn.split('/')[1] ?? '',
        newStatus: 'INACTIVE',
      }),
    );
    const policyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    });
    await iot.send(new CreatePolicyCommand({ policyName: 'wide', policyDocument }));
    await iot.send(new AttachPolicyCommand({ policyName: 'wide', target: wide.certificateArn }));
    await iot.send(
      new DetachPolicyCommand({
        policyName: `${prefix}-quarantine`,
        target: arn('iot', 'thinggroup/cordon-quarantine'),
      }),
    );
    await iot.send(
      new CreatePolicyVersionCommand({
        policyName: `${prefix}-quarantine`,
        policyDocument,
        setAsDefault: true,
      }),
    );
    await iot.send(new DisableTopicRuleCommand({ ruleName: 'cordon_dev_reports' }));
    for (const topic of ['alerts', 'announcements']) {
      const { Subscriptions = [] } = await sns.send(
        new ListSubscriptionsByTopicCommand({ TopicArn: arn('sns', `${prefix}-${topic}`) }),
      );
      for (const { SubscriptionArn, Protocol } of Subscriptions)
        if (Protocol === 'sqs') await sns.send(new UnsubscribeCommand({ SubscriptionArn }));
    }
    const { url, operatorCredentials } = stack.aws.gateway;
    const settings = { endpoint: url, region: 'us-east-1', credentials: operatorCredentials };
    const iam = new IAMClient(settings);
    const RoleName = stack.deployed.resources.RespondRole?.physicalId;
    await iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName: 'respond' }));
    const denial = { Effect: 'Deny', Action: 'sqs:SendMessage', Resource: '*' };
    await iam.send(
      new PutRolePolicyCommand({
        RoleName: stack.deployed.resources.OperateRole?.physicalId,
        PolicyName: 'mine',
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [denial] }),
      }),
    );
    iam.destroy();
    const gateway = new ApiGatewayV2Client(settings);
    const ApiId = stack.deployed.resources.HttpApi?.physicalId;
    const { Items: routes = [] } = await gateway.send(new GetRoutesCommand({ ApiId }));
    const route = routes.find(({ RouteKey }) => RouteKey === 'GET /health');
    await gateway.send(new DeleteRouteCommand({ ApiId, RouteId: route?.RouteId }));
    gateway.destroy();
    expect((await fetch(`${stack.deployed.outputs.ApiUrl}/health`)).status).toBe(404);
    const logs = new CloudWatchLogsClient(settings);
    const logGroupName = `/aws/lambda/${prefix}-respond`;
    await logs.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays: 1 }));
    logs.destroy();
    const s3 = new S3Client(settings);
    const Bucket = stack.deployed.resources.ServerlessDeploymentBucket?.physicalId;
    await s3.send(new DeletePublicAccessBlockCommand({ Bucket }));
    await s3.send(new DeleteBucketPolicyCommand({ Bucket }));
    s3.destroy();
    const lambda = new LambdaClient(settings);
    const ZipFile = zipSync({ 'functions/provision/index.mjs': strToU8('export const handler = 1;') });
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: `${prefix}-provision`, ZipFile }));
    lambda.destroy();
    await sns.send(
      new SubscribeCommand({
        TopicArn: arn('sns', `${prefix}-alerts`),
        Protocol: 'sqs',
        Endpoint: arn('sqs', `${prefix}-presence`),
      }),
    );
    const presence = await sqs.send(new GetQueueUrlCommand({ QueueName: `${prefix}-presence` }));
    const open = { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' };
    await sqs.send(
      new SetQueueAttributesCommand({
        QueueUrl: presence.QueueUrl,
        Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [open] }) },
      }),
    );
    const alertsQueue = await sqs.send(new GetQueueUrlCommand({ QueueName: `${prefix}-alerts` }));
    await sqs.send(
      new SetQueueAttributesCommand({
        QueueUrl: alertsQueue.QueueUrl,
        Attributes: { Policy: JSON.stringify({ Version: '2012-10-17', Statement: [] }) },
      }),
    );
    const reports = await sqs.send(new GetQueueUrlCommand({ QueueName: `${prefix}-reports` }));
    await sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: reports.QueueUrl, Attributes: { DelaySeconds: '900' } }),
    );
    const TableName = prefix;
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: false };
    const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: false };
    await e2e.dynamodb.send(
      new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }),
    );
    await e2e.dynamodb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `${prefix}-rejected` }));
    await e2e.sendTo('alerts-dead', 'nobody could handle it');
    await sqs.send(new DeleteQueueCommand({ QueueUrl }));
    const ssm = new SSMClient(settings);
    const put = { Type: 'SecureString', Overwrite: true } as const;
    await ssm.send(new PutParameterCommand({ Name: '/cordon-dev/slack', Value: 'xoxb-revoked', ...put }));
    await ssm.send(new PutParameterCommand({ Name: '/cordon-dev/kill-switch', Value: 'on', ...put }));
    ssm.destroy();

    const { code, found } = await examine('shared', 'spare', 'wide', 'absent');

    expect(code).toBe(6);
    const told = found.map(({ level, about, what }) => `${level} ${about}: ${what}`).join('\n');
    for (const expected of [
      /^problem kill switch: .*on/m,
      /^problem quarantine group cordon-quarantine: the deny policy is not the one that this version would deploy/m,
      /^problem quarantine group cordon-quarantine: the deny policy is not attached/m,
      /^problem IoT rule reports: cordon_dev_reports is disabled/m,
      /^problem alerts topic: the queue cordon-dev-alerts is not subscribed/m,
      /^problem announcements topic: the queue cordon-dev-\S+ is not subscribed/m,
      /^problem as deployed: role cordon-dev-RespondRole-\w+: its policy respond is missing/m,
      /^problem as deployed: role cordon-dev-OperateRole-\w+: it has another policy, mine/m,
      /^problem as deployed: route GET \/health: it is missing/m,
      /^problem as deployed: log group \S+-respond: RetentionInDays was 30 and is 1/m,
      /^problem as deployed: deployment bucket \S+: it does not block public access: BlockPublicAcls, /m,
      /^problem as deployed: deployment bucket \S+: its policy: it lacks: Deny s3:\* on \S+, \S+ for \*/m,
      /^problem as deployed: function cordon-dev-provision: its code is not what was deployed/m,
      /^problem as deployed: queue cordon-dev-presence: it has a policy: Allow sqs:SendMessage/m,
      /^note alerts topic: \S+:cordon-dev-presence also receives each alert/m,
      /^problem as deployed: queue policy \S+: cordon-dev-alerts: it lacks: Allow sqs:SendMessage/m,
      /^problem as deployed: queue cordon-dev-reports: DelaySeconds was 0 and is 900/m,
      /^problem as deployed: table cordon-dev: .* expiresAt and is none; point-in-time recovery is off/m,
      /^problem queues: cordon-dev-alerts-dead has 1 messages/m,
      /^problem queues: cordon-dev-rejected is missing/m,
      /^problem Slack: Slack refuses the token/m,
      /^problem shared: certificate \w{12} is also used by neighbor/m,
      /^note spare: certificate \w{12} is INACTIVE/m,
      /^note wide: the policies of certificate \w{12} allow more/m,
      /^problem absent: there is no such thing/m,
    ])
      expect(told).toMatch(expected);
    for (const { level, mend } of found) if (level === 'problem') expect(mend).toMatch(/npx |aws |docs\//);
  }, 120_000);
});
