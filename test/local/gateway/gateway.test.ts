import { request as httpRequest } from 'node:http';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { CreateQueueCommand, ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { ServiceHandler } from '../../../local/types';
import { failureOf, startTestStack, type TestStack } from './local-aws';

let iotCalls = 0;
/** Stands for the IoT control plane: knows things, and breaks on the thing `broken`. */
const iot: ServiceHandler = {
  identify({ path }) {
    const name = /^\/things\/([^/]+)$/.exec(path)?.[1];
    return name === undefined
      ? undefined
      : { action: 'iot:DescribeThing', resources: [`arn:aws:iot:eu-west-1:000000000000:thing/${name}`] };
  },
  async handle({ path }) {
    iotCalls += 1;
    if (path.endsWith('/broken')) throw new Error('bug');
    return { status: 200, body: JSON.stringify({ thingName: path.slice('/things/'.length) }) };
  },
};

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ iot });
});
beforeEach(() => {
  iotCalls = 0;
  stack.gateway.setFaults([]);
  stack.gateway.calls.reset();
});
afterAll(() => stack.close());

const describeThing = new DescribeThingCommand({ thingName: 'mything1' });
const listTables = new ListTablesCommand({});

interface RawAnswer {
  readonly status: number | undefined;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** fetch does not let a caller set Host, so hostile requests are made by hand. */
function send(path: string, options: { method?: string; headers?: object; body?: string | Buffer } = {}) {
  const { method = 'GET', headers = {}, body } = options;
  return new Promise<RawAnswer>((resolve, reject) => {
    const outgoing = httpRequest(
      `${stack.gateway.url}${path}`,
      { method, headers: { ...headers }, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () =>
          resolve({
            status: incoming.statusCode,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

const operatorAuthorization = (service: string) =>
  `AWS4-HMAC-SHA256 Credential=${stack.gateway.operatorCredentials.accessKeyId}/20260101/eu-west-1/${service}/aws4_request, SignedHeaders=host, Signature=x`;

describe('who calls', () => {
  it.each([
    ['no authorization', {}],
    ['another scheme', { authorization: 'Bearer token' }],
    ['a credential of too few parts', { authorization: 'AWS4-HMAC-SHA256 Credential=AKIA/20260101/iot' }],
    [
      'a service with a path in it',
      { authorization: 'AWS4-HMAC-SHA256 Credential=A/20260101/r/../aws4_request' },
    ],
  ])('is refused with %s', async (_case, headers) => {
    const { status, headers: answered } = await send('/things/mything1', { headers });

    expect([status, answered['x-amzn-errortype']]).toEqual([403, 'MissingAuthenticationTokenException']);
  });

  it('is refused with an access key nobody has, in the form of each service', async () => {
    const config = {
      ...stack.clientConfig(),
      credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' },
    };
    const failures = await Promise.all([
      failureOf(new IoTClient(config).send(describeThing)),
      failureOf(new DynamoDBClient(config).send(listTables)),
      failureOf(new SQSClient(config).send(new ListQueuesCommand({}))),
      failureOf(new SNSClient(config).send(new ListTopicsCommand({}))),
    ]);

    expect(failures.map(({ name, status }) => [name, status])).toEqual([
      ['UnrecognizedClientException', 403],
      ['UnrecognizedClientException', 400],
      ['InvalidClientTokenId', 403],
      ['InvalidClientTokenId', 403],
    ]);
  });

  it('may sign the query instead of a header', async () => {
    const { accessKeyId } = stack.gateway.operatorCredentials;
    const credential = encodeURIComponent(`${accessKeyId}/20260101/eu-west-1/iot/aws4_request`);

    const { status, body } = await send(`/things/mything1?X-Amz-Credential=${credential}`);

    expect([status, body]).toEqual([200, '{"thingName":"mything1"}']);
  });

  it('cannot be registered with a policy that is not enforced', () => {
    const caller = {
      accessKeyId: 'ASIAX',
      arn: 'arn:aws:sts::000000000000:assumed-role/r/f',
      functionName: 'f',
    };
    const documents = [{ Statement: { Effect: 'Allow', Action: 'iot:*' } as const }];

    expect(() => stack.gateway.registerCaller('ASIAX', { caller, documents })).toThrow(
      'The policies of arn:aws:sts::000000000000:assumed-role/r/f cannot be enforced locally: statement 0: needs either Resource or NotResource',
    );
  });
});

describe('what is called', () => {
  it('is refused by IAM before the service sees it', async () => {
    const client = new IoTClient(
      stack.clientConfig([
        { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
        { Effect: 'Deny', Action: 'iot:DescribeThing', Resource: 'arn:aws:iot:*:*:thing/mything1' },
      ]),
    );

    expect(await failureOf(client.send(describeThing))).toEqual({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /is not authorized to perform: iot:DescribeThing on resource: arn:aws:iot:eu-west-1:000000000000:thing\/mything1 with an explicit deny in an identity-based policy$/,
      ),
      status: 403,
    });
    expect(iotCalls).toBe(0);
  });

  it.each([
    ['an operation', 'iot', 'UnknownOperationException', 404],
    ['a service', 'quicksight', 'UnknownOperationException', 404],
    ['a service named like a property of objects', 'constructor', 'UnknownOperationException', 404],
  ])(
    'is answered as unknown and named in the log when it is %s we lack',
    async (_case, service, code, status) => {
      const answer = await send('/nothing/here?x=1', {
        headers: { authorization: operatorAuthorization(service) },
      });

      expect([answer.status, answer.headers['x-amzn-errortype']]).toEqual([status, code]);
      expect(stack.warnings.at(-1)?.fields).toEqual({
        service,
        operation: 'GET /nothing/here',
        method: 'GET',
        path: '/nothing/here',
      });
    },
  );

  it('is answered with an internal error where the service breaks, and the gateway goes on', async () => {
    const client = new IoTClient(stack.clientConfig());

    expect(await failureOf(client.send(new DescribeThingCommand({ thingName: 'broken' })))).toMatchObject({
      name: 'InternalFailureException',
      status: 500,
    });
    expect((await client.send(describeThing)).thingName).toBe('mything1');
  });

  it('is refused when longer than any service takes', async () => {
    const body = Buffer.alloc(9 * 1024 * 1024);

    const { status } = await send('/', {
      method: 'POST',
      body,
      headers: { authorization: operatorAuthorization('sqs'), 'x-amz-target': 'AmazonSQS.SendMessage' },
    });

    expect(status).toBe(413);
  });

  it('is counted by caller, action and status', async () => {
    const client = new IoTClient(stack.clientConfig());
    const refused = new IoTClient(stack.clientConfig([]));

    await client.send(describeThing);
    await client.send(describeThing);
    await failureOf(refused.send(describeThing));
    const { body } = await send('/_cordon/calls');

    const { counts, calls } = JSON.parse(body);
    expect(counts).toEqual([
      { caller: 'operator', action: 'iot:DescribeThing', count: 2, byStatus: { 200: 2 } },
      { caller: expect.stringMatching(/^fn/), action: 'iot:DescribeThing', count: 1, byStatus: { 403: 1 } },
    ]);
    expect(calls).toHaveLength(3);
    await send('/_cordon/calls/reset', { method: 'POST' });
    expect(stack.gateway.calls.counts()).toEqual([]);
  });
});

describe('faults', () => {
  const retrying = () => ({ ...stack.clientConfig(), maxAttempts: 3 });

  it('throttle in a way that each SDK client retries', async () => {
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

  it('carry the names that AWS gives them', async () => {
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

  it('hide the outcome of a call that was made', async () => {
    stack.gateway.setFaults([{ probability: 1, kind: 'drop-response', times: 1 }]);
    const sqs = new SQSClient(stack.clientConfig());

    const failure = await failureOf(sqs.send(new CreateQueueCommand({ QueueName: 'made-unseen' })));
    const { QueueUrls } = await sqs.send(new ListQueuesCommand({ QueueNamePrefix: 'made-unseen' }));

    expect(failure.status).toBeUndefined();
    expect(QueueUrls).toEqual([`${stack.gateway.url}/000000000000/made-unseen`]);
  });

  it('hit only the service, action and function they name', async () => {
    stack.gateway.setFaults([
      { service: 'sqs', probability: 1, kind: 'error' },
      { action: 'iot:DeleteThing', probability: 1, kind: 'error' },
      { action: 'DescribeThing', functionName: 'somebody-else', probability: 1, kind: 'error' },
    ]);

    expect((await new IoTClient(stack.clientConfig()).send(describeThing)).thingName).toBe('mything1');
  });

  it('fall the same way for the same seed', async () => {
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

  it('are set and read over HTTP, and refused when malformed', async () => {
    const rules = [{ service: 'iot', probability: 0.1, kind: 'throttle', times: 3 }];
    const post = (value: unknown) => send('/_cordon/faults', { method: 'POST', body: JSON.stringify(value) });

    const accepted = await post({ rules });
    const refused = await post({ rules: [{ probability: 2, kind: 'explode' }] });

    expect([accepted.status, JSON.parse(accepted.body)]).toEqual([200, { rules }]);
    expect(refused.status).toBe(400);
    expect(JSON.parse((await send('/_cordon/faults')).body)).toEqual({ rules });
  });
});

describe('local routes', () => {
  it.each([
    ['a Host that is not loopback', { host: 'evil.example' }],
    ['a Host that only begins like it', { host: '127.0.0.1.evil.example' }],
    ['an Origin that is not loopback', { origin: 'https://evil.example' }],
    ['an opaque Origin', { origin: 'null' }],
  ])('refuse %s', async (_case, headers) => {
    const { status } = await send('/_cordon/messages', { headers });

    expect(status).toBe(403);
  });

  it('do not exist outside the list', async () => {
    expect((await send('/_cordon/none')).status).toBe(404);
    expect((await send('/_cordon/calls', { method: 'DELETE' })).status).toBe(404);
  });
});
