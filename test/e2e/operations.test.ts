import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingGroupCommand,
  GetPolicyCommand,
  ListAttachedPoliciesCommand,
} from '@aws-sdk/client-iot';
import { GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { writeHeartbeat } from '../../shared/domain/findings/heartbeat';
import { thingKey } from '../../shared/domain/thing-ref';
import { connectHeartbeats } from '../../shared/storage/heartbeats';
import { anAlert, aReport } from './alerts';
import { type EndToEnd, startEndToEnd, waitUntil } from './harness';
import { publishOrCut } from './mqtt-client';

let e2e: EndToEnd;

beforeAll(async () => {
  e2e = await startEndToEnd();
}, 180_000);

afterAll(() => e2e.close());

describe('a message that cannot be read', () => {
  it.each([
    ['alerts', 'alerts', 'not JSON'],
    ['reports', 'reports', 'not a message of the reports rule'],
    ['presence', 'presence', 'not a connected event of IoT Core'],
    ['commands.fifo', 'commands', 'not valid JSON'],
    ['notify', 'notify', 'not an announcement'],
  ])('is set aside from the queue %s, with its origin and the reason', async (queue, source, reason) => {
    const body = `no message for ${queue}`;
    await e2e.sendTo(queue, body);

    const rejected = await waitUntil(
      () => 'the message in the rejected queue',
      async () => (await e2e.rejected()).find((one) => one.body === body),
    );

    expect(rejected.source).toMatch(new RegExp(`^${source}:`));
    expect(rejected.reason).toContain(reason);
  });
});

describe('a topic rule whose queue fails', () => {
  it.each([
    ['reports', 'ReportsRule', (thingName: string) => publishReport(thingName)],
    [
      'presence',
      'PresenceRule',
      async (thingName: string) => void (await e2e.connect(await e2e.enroll(thingName))),
    ],
  ])('sends its message to the dead-letter queue of %s', async (queue, logicalId, cause) => {
    const thingName = `unheard-${queue}`;
    const { physicalId: ruleName = '' } = e2e.stack.deployed.resources[logicalId] ?? {};
    e2e.stack.aws.gateway.setFaults([
      {
        kind: 'error',
        functionName: `rule ${ruleName}`,
        contains: `/cordon-dev-${queue}"`,
        probability: 1,
      },
    ]);

    await cause(thingName);

    const { QueueUrl } = await e2e.sqs.send(
      new GetQueueUrlCommand({ QueueName: `cordon-dev-${queue}-dead` }),
    );
    const dead = await waitUntil(
      () => 'the dead letter',
      async () => (await e2e.sqs.send(new ReceiveMessageCommand({ QueueUrl }))).Messages?.[0]?.Body,
    );
    e2e.stack.aws.gateway.setFaults([]);
    expect(JSON.parse(dead)).toMatchObject({
      ruleName,
      topic: expect.stringContaining(thingName),
    });
  });

  async function publishReport(thingName: string): Promise<void> {
    const device = await e2e.connect(await e2e.enroll(thingName));
    await publishOrCut(device, `cordon/things/${thingName}/reports/json`, JSON.stringify(aReport(1)));
  }
});

describe('the metrics of the functions', () => {
  /** The metrics that a function wrote in CloudWatch's embedded format, with where CloudWatch puts them. */
  const readMetrics = (functionName: string) =>
    e2e.stack.functions
      .lastLines(`cordon-dev-${functionName}`)
      .filter((line) => line.includes('"CloudWatchMetrics"'))
      .map((line) => JSON.parse(line.slice(line.indexOf('{'))))
      .flatMap(({ _aws, ...values }) =>
        _aws.CloudWatchMetrics.flatMap(
          ({
            Namespace,
            Dimensions,
            Metrics,
          }: {
            Namespace: string;
            Dimensions: string[][];
            Metrics: { Name: string }[];
          }) => Metrics.map(({ Name }) => [Namespace, Dimensions, values.service, Name]),
        ),
      );

  it('have the names that the alarms and the dashboard use', async () => {
    await e2e.enroll('measured');
    await e2e.publishAlert(anAlert('measured'));
    await e2e.waitForCase('measured', 'contained');
    await e2e.stack.functions.invoke('cordon-dev-sweep', {});

    for (const [functionName, metric] of [
      ['respond', 'AlertToVerifiedMs'],
      ['respond', 'DecisionToVerifiedMs'],
      ['sweep', 'SweepRun'],
      ['respond', 'PipelineMs'],
      ['notify', 'HeartbeatMs'],
    ] as const)
      expect(
        await waitUntil(
          () => `${metric} in the log of ${functionName}`,
          () => readMetrics(functionName).find(([, , , name]) => name === metric),
        ),
      ).toEqual(['cordon-dev', [['service']], functionName, metric]);

    await e2e.command({ type: 'release', thingName: thingKey('measured'), actor: 'test' });
    await e2e.waitForCase('measured', 'closed');
  });
});

describe('the heartbeat', () => {
  it('passes every stage when the sweep runs, opens no case and reaches no person', async () => {
    const { read } = connectHeartbeats(e2e.stack.deployed.outputs.TableName ?? '', e2e.dynamodb);
    const before = Date.now();
    await e2e.stack.functions.invoke('cordon-dev-sweep', {});

    const found = await waitUntil(
      () => 'a heartbeat of this run',
      async () => {
        const newest = await read();
        return newest && newest.sentAt >= before && newest;
      },
    );
    // Forged by somebody who may publish there: an old one changes nothing.
    await e2e.publishAlert(writeHeartbeat(1_500_000_000_000));
    await e2e.waitForQuiet();

    const { sentAt, takenAt, arrivedAt, announcedAt } = found;
    const times = [sentAt, takenAt, arrivedAt, announcedAt];
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect((await read())?.sentAt).toBeGreaterThanOrEqual(sentAt);
    const { Item } = await e2e.dynamodb.send(
      new GetItemCommand({
        TableName: e2e.stack.deployed.outputs.TableName,
        Key: { pk: { S: 'THING#cordon-heartbeat' }, sk: { S: 'CASE' } },
      }),
    );
    expect(Item).toBeUndefined();
    const { mails, slack } = e2e.stack.aws;
    expect(JSON.stringify([mails(), slack.messages()])).not.toContain('heartbeat');
    expect((await e2e.rejected()).filter(({ body }) => body.includes('heartbeat'))).toEqual([]);
  });
});

describe('CloudFormation', () => {
  const groupArn = 'arn:aws:iot:us-east-1:000000000000:thinggroup/cordon-quarantine';
  const StackId = 'arn:aws:cloudformation:us-east-1:000000000000:stack/cordon-dev/1';
  const attachment = { PolicyName: 'cordon-dev-quarantine', ThingGroupArn: groupArn };

  const askToDelete = (logicalId: string, properties: object) => ask('Delete', logicalId, properties);

  /** What the packaged function answers CloudFormation. */
  async function ask(
    RequestType: 'Delete' | 'Update',
    logicalId: string,
    properties: object,
    OldResourceProperties?: object,
  ): Promise<{ Status: string; Reason?: string }> {
    const answers: string[] = [];
    const server = createServer(async (request, response) => {
      answers.push(await text(request));
      response.end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = await e2e.stack.functions.invoke('cordon-dev-provision', {
      RequestType,
      ServiceToken: 'arn:aws:lambda:us-east-1:000000000000:function:cordon-dev-provision',
      ResponseURL: `http://127.0.0.1:${port}/`,
      StackId,
      RequestId: crypto.randomUUID(),
      LogicalResourceId: logicalId,
      PhysicalResourceId: logicalId,
      ResourceType: `Custom::${logicalId}`,
      ResourceProperties: properties,
      OldResourceProperties,
    });
    await new Promise((resolve) => server.close(resolve));
    expect(outcome).toMatchObject({ status: 'succeeded' });
    const [answer = '{}'] = answers;
    const { Status, Reason } = JSON.parse(answer);
    return { Status, ...(Reason !== undefined && { Reason }) };
  }

  const listPolicies = async () => {
    const { policies = [] } = await e2e.iot.send(new ListAttachedPoliciesCommand({ target: groupArn }));
    return policies.map(({ policyName }) => policyName);
  };

  it('can’t delete the stack while a thing is contained, and deletes the deny policy when containments are abandoned or all things released', async () => {
    const guard = { ThingGroupArn: groupArn };
    expect(await askToDelete('DeletionGuard', guard)).toEqual({ Status: 'SUCCESS' });

    await e2e.enroll('held');
    await e2e.publishAlert(anAlert('held'));
    await e2e.waitForCase('held', 'contained');

    expect(await askToDelete('DeletionGuard', guard)).toEqual({
      Status: 'FAILED',
      Reason: `still contained: held; release first, or store ${StackId} in the parameter /cordon-dev/delete-while-contained to abandon the containments; then delete the stack again`,
    });
    expect(await askToDelete('QuarantineAttachment', attachment)).toEqual({
      Status: 'FAILED',
      Reason: `held is still in the quarantine group; release first, or store ${StackId} in the parameter /cordon-dev/delete-while-contained to abandon the containments; then delete the stack again`,
    });
    expect(await listPolicies()).toEqual([attachment.PolicyName]);

    const say = (value: string) =>
      e2e.stack.aws.parameters.put('/cordon-dev/delete-while-contained', value, 'String');
    say('yes');
    expect(await askToDelete('DeletionGuard', guard)).toMatchObject({ Status: 'FAILED' });
    say(StackId);
    expect(await askToDelete('DeletionGuard', guard)).toEqual({ Status: 'SUCCESS' });
    expect(await askToDelete('QuarantineAttachment', attachment)).toEqual({ Status: 'SUCCESS' });
    expect(await listPolicies()).toEqual([]);
  });

  it('can rename the quarantine group only while the old one is empty', async () => {
    const before = { ThingGroupArn: `${groupArn}-before` };
    const after = { ...before, ThingGroupArn: groupArn };
    const thingGroupName = 'cordon-quarantine-before';
    await e2e.iot.send(new CreateThingGroupCommand({ thingGroupName }));
    await e2e.enroll('behind');

    expect(await ask('Update', 'DeletionGuard', after, before)).toEqual({ Status: 'SUCCESS' });
    await e2e.iot.send(new AddThingToThingGroupCommand({ thingGroupName, thingName: 'behind' }));
    expect(await ask('Update', 'DeletionGuard', after, before)).toEqual({
      Status: 'FAILED',
      Reason:
        'behind is still in the group cordon-quarantine-before; release it before quarantine.thingGroup changes',
    });
  });

  it('detaches the deny policy from the formerly named group too, so that the policy can be deleted with the stack', async () => {
    const thingGroupName = 'cordon-quarantine-earlier';
    await e2e.iot.send(new CreateThingGroupCommand({ thingGroupName }));
    const earlier = `${groupArn}-earlier`;
    await e2e.iot.send(new AttachPolicyCommand({ policyName: attachment.PolicyName, target: earlier }));

    expect(await askToDelete('QuarantineAttachment', { ...attachment, ThingGroupArn: earlier })).toEqual({
      Status: 'SUCCESS',
    });

    const { policies } = await e2e.iot.send(new ListAttachedPoliciesCommand({ target: earlier }));
    expect(policies).toEqual([]);
  });

  it('detaches the deny policy from certificates too when containments are abandoned, and waits until it can be deleted', async () => {
    const { certificateArn } = await e2e.enroll('let-go');
    const { PolicyName: policyName } = attachment;
    await e2e.iot.send(new AttachPolicyCommand({ policyName, target: certificateArn }));
    // An update of the stack leaves the policy with its earlier version.
    const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [] });
    await e2e.iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }));
    e2e.stack.registry.state.detachments.setDelaySeconds(1);
    const held = `certificate ${certificateArn.split('/').at(-1)}`;
    const wayOut = `release first, or store ${StackId} in the parameter /cordon-dev/delete-while-contained to abandon the containments; then delete the stack again`;
    const say = (value: string) =>
      e2e.stack.aws.parameters.put('/cordon-dev/delete-while-contained', value, 'String');

    say('no');
    expect(await askToDelete('QuarantineRemoval', attachment)).toEqual({
      Status: 'FAILED',
      Reason: `${policyName} is still on ${held}; ${wayOut}`,
    });
    say(StackId);
    expect(await askToDelete('DeletionGuard', attachment)).toEqual({ Status: 'SUCCESS' });
    expect(await askToDelete('QuarantineRemoval', attachment)).toEqual({ Status: 'SUCCESS' });

    await expect(e2e.iot.send(new GetPolicyCommand({ policyName }))).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    expect(await askToDelete('QuarantineRemoval', attachment)).toEqual({ Status: 'SUCCESS' });
  });
});
