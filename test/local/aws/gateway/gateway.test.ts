import { request as httpRequest } from 'node:http';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { DescribeThingCommand, IoTClient, ListJobsCommand } from '@aws-sdk/client-iot';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { anIotService } from './iot-service';
import { failureOf, startTestStack, type TestStack } from './local-aws';

const { handler: iot, served } = anIotService();
let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack({ iot });
});
beforeEach(() => {
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

describe('the caller of the gateway', () => {
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

  it('is refused with an unknown access key, in the form of each service', async () => {
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

describe('a call to the gateway', () => {
  it('is refused by IAM before the service sees it', async () => {
    const client = new IoTClient(
      stack.clientConfig([
        { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
        { Effect: 'Deny', Action: 'iot:DescribeThing', Resource: 'arn:aws:iot:*:*:thing/refused' },
      ]),
    );

    expect(await failureOf(client.send(new DescribeThingCommand({ thingName: 'refused' })))).toEqual({
      name: 'AccessDeniedException',
      message: expect.stringMatching(
        /is not authorized to perform: iot:DescribeThing on resource: arn:aws:iot:eu-west-1:000000000000:thing\/refused with an explicit deny in an identity-based policy$/,
      ),
      status: 403,
    });
    expect(served).not.toContain('refused');
  });

  it.each([
    ['an operation', 'iot', 'UnknownOperationException', 404],
    ['a service', 'quicksight', 'UnknownOperationException', 404],
    ['a service named like a property of objects', 'constructor', 'UnknownOperationException', 404],
  ])(
    'is answered as unknown and named in the log when it is %s that the stack lacks',
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

  it('is logged under the name that AWS uses, if the service has one', async () => {
    const client = new IoTClient(stack.clientConfig());

    expect(await failureOf(client.send(new ListJobsCommand({})))).toMatchObject({
      name: 'UnknownOperationException',
      status: 404,
    });
    expect(stack.warnings.at(-1)?.fields).toMatchObject({ operation: 'ListJobs', path: '/jobs' });
  });

  it('gets an internal error if the service breaks, and the gateway continues', async () => {
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

describe('the local routes', () => {
  it.each([
    ['a Host that is not loopback', { host: 'evil.example' }],
    ['a Host that only begins like it', { host: '127.0.0.1.evil.example' }],
    ['an Origin that is not loopback', { origin: 'https://evil.example' }],
    ['an opaque Origin', { origin: 'null' }],
  ])('refuse %s', async (_case, headers) => {
    const { status } = await send('/_cordon/messages', { headers });

    expect(status).toBe(403);
  });

  it('exist only in the list', async () => {
    expect((await send('/_cordon/none')).status).toBe(404);
    expect((await send('/_cordon/calls', { method: 'DELETE' })).status).toBe(404);
  });
});
