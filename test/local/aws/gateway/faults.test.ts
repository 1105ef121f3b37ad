import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { eventually } from '../lambda/fixtures';
import { anIotService } from './iot-service';
import { failureOf, startTestStack, type TestStack } from './local-aws';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ iot: anIotService().handler });
});
beforeEach(() => {
  stack.gateway.setFaults([]);
  stack.gateway.calls.reset();
});
afterAll(() => stack.close());

const describeThing = new DescribeThingCommand({ thingName: 'mything1' });
const listTables = new ListTablesCommand({});

describe('a fault', () => {
  const retrying = () => ({ ...stack.clientConfig(), maxAttempts: 3 });

  it('throttles in a way that each SDK client retries', async () => {
    const services = ['iot', 'dynamodb', 'sqs', 'sns'];
    stack.gateway.setFaults(
      services.map((service) => ({ service, probability: 1, kind: 'throttle', times: 2 })),
    );

    const { thingName } = await new IoTClient(retrying()).send(describeThing);
    await new DynamoDBClient(retrying()).send(listTables);
    await new SQSClient(retrying()).send(new ListQueuesCommand({}));
    await new SNSClient(retrying()).send(new ListTopicsCommand({}));

    expect(thingName).toBe('mything1');
    expect(stack.gateway.calls.counts().map(({ action, byStatus }) => [action, byStatus])).toEqual([
      ['iot:DescribeThing', { 200: 1, 400: 2 }],
      ['dynamodb:ListTables', { 200: 1, 400: 2 }],
      ['sqs:ListQueues', { 200: 1, 400: 2 }],
      ['sns:ListTopics', { 200: 1, 429: 2 }],
    ]);
  });

  it('has the error name that AWS uses', async () => {
    const config = stack.clientConfig();
    const calls = () => [
      failureOf(new IoTClient(config).send(describeThing)),
      failureOf(new DynamoDBClient(config).send(listTables)),
      failureOf(new SQSClient(config).send(new ListQueuesCommand({}))),
      failureOf(new SNSClient(config).send(new ListTopicsCommand({}))),
    ];
    const namesOf = async () => (await Promise.all(calls())).map(({ name, status }) => `${status} ${name}`);

    stack.gateway.setFaults([{ probability: 1, kind: 'throttle' }]);
    const throttled = await namesOf();
    stack.gateway.setFaults([{ probability: 1, kind: 'error' }]);
    const failed = await namesOf();

    expect(throttled).toEqual([
      '400 ThrottlingException',
      '400 ThrottlingException',
      '400 RequestThrottled',
      '429 ThrottledException',
    ]);
    expect(failed).toEqual([
      '500 InternalFailureException',
      '500 InternalServerError',
      '500 InternalFailure',
      '500 InternalFailure',
    ]);
  });

  it('refuses with the error that it names', async () => {
    stack.gateway.setFaults([
      { action: 'iot:DescribeThing', probability: 1, kind: 'refuse', error: 'LimitExceededException' },
    ]);

    await expect(
      new IoTClient({ ...stack.clientConfig(), maxAttempts: 1 }).send(describeThing),
    ).rejects.toMatchObject({ name: 'LimitExceededException', $metadata: { httpStatusCode: 400 } });
  });

  it('hides the result of a call that was made', async () => {
    stack.gateway.setFaults([{ probability: 1, kind: 'drop-response', times: 1 }]);
    const sqs = new SQSClient(stack.clientConfig());

    const failure = await failureOf(sqs.send(new CreateQueueCommand({ QueueName: 'made-unseen' })));
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'made-unseen' }));

    expect(failure.status).toBeUndefined();
    expect(QueueUrls).toEqual([`${stack.gateway.url}/000000000000/made-unseen`]);
  });

  it('keeps a delayed call from being made if its caller is gone by then, as one that was killed', async () => {
    const delay = { kind: 'latency', latencyMs: 2_000, probability: 1, times: 2 } as const;
    stack.gateway.setFaults([{ ...delay, action: 'sqs:CreateQueue' }]);
    const sqs = new SQSClient(stack.clientConfig());
    const leave = new AbortController();

    const call = sqs.send(new CreateQueueCommand({ QueueName: 'made-by-nobody' }), {
      abortSignal: leave.signal,
    });
    await eventually(async () => {
      const answer = await fetch(`${stack.gateway.url}/_cordon/faults`);
      const { rules } = (await answer.json()) as { rules: { times: number }[] };
      return rules[0]?.times === 1;
    });
    leave.abort();
    await expect(call).rejects.toThrow();
    // Its delay begins later than the first one.
    await sqs.send(new CreateQueueCommand({ QueueName: 'made-by-somebody' }));

    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'made-by' }));
    expect(QueueUrls).toEqual([`${stack.gateway.url}/000000000000/made-by-somebody`]);
    expect(stack.warnings).toEqual([]);
  });

  it('affects only the service, action and function that it names', async () => {
    stack.gateway.setFaults([
      { service: 'sqs', probability: 1, kind: 'error' },
      { action: 'iot:DeleteThing', probability: 1, kind: 'error' },
      { action: 'DescribeThing', functionName: 'somebody-else', probability: 1, kind: 'error' },
    ]);

    expect((await new IoTClient(stack.clientConfig()).send(describeThing)).thingName).toBe('mything1');
  });

  it('affects only calls about what it names, in the path or in the body', async () => {
    stack.gateway.setFaults([{ contains: 'poison', probability: 1, kind: 'error' }]);
    const iot = new IoTClient(stack.clientConfig());
    const sqs = new SQSClient(stack.clientConfig());
    const list = (QueueNamePrefix: string) => sqs.send(new ListQueuesCommand({ QueueNamePrefix }));

    expect((await iot.send(describeThing)).thingName).toBe('mything1');
    await expect(list('healthy')).resolves.toBeDefined();
    await expect(iot.send(new DescribeThingCommand({ thingName: 'poison-1' }))).rejects.toThrow('injected');
    await expect(list('poison')).rejects.toThrow('injected');
  });

  it('affects the same calls for the same seed', async () => {
    const outcomes = async () => {
      stack.gateway.setFaults([{ probability: 0.5, kind: 'error' }], 7);
      const client = new IoTClient(stack.clientConfig());
      const seen: string[] = [];
      for (let call = 0; call < 12; call++) {
        seen.push(
          await client.send(describeThing).then(
            () => 'ok',
            (error: Error) => error.name,
          ),
        );
      }
      return seen;
    };

    const first = await outcomes();

    expect(new Set(first)).toEqual(new Set(['ok', 'InternalFailureException']));
    expect(await outcomes()).toEqual(first);
  });

  it('is set and read over HTTP, and refused when malformed', async () => {
    const rules = [{ service: 'iot', probability: 0.1, kind: 'throttle', times: 3 }];
    const url = `${stack.gateway.url}/_cordon/faults`;
    const post = (value: unknown) => fetch(url, { method: 'POST', body: JSON.stringify(value) });

    const accepted = await post({ rules });
    const refused = await post({ rules: [{ probability: 2, kind: 'explode' }] });

    expect([accepted.status, await accepted.json()]).toEqual([200, { rules }]);
    expect(refused.status).toBe(400);
    expect(await (await fetch(url)).json()).toEqual({ rules });
  });
});
