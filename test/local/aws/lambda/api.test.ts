import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import {
  GetFunctionCommand,
  InvokeCommand,
  LambdaClient,
  ListEventSourceMappingsCommand,
  ListFunctionsCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { strToU8, zipSync } from 'fflate';
import { createLambdaApi } from '../../../../local/aws/lambda/api';
import type { EventSourceDefinition } from '../../../../local/aws/lambda/definitions';
import type { FunctionHost } from '../../../../local/aws/lambda/function';
import type { ApiRequest } from '../../../../local/types';
import { aFunction, aFunctionHost, eventually, identity, someCredentials, writeFunction } from './fixtures';

const sources: EventSourceDefinition[] = [
  {
    id: 'mapping-1',
    functionName: 'probe',
    roleArn: 'arn:aws:iam::000000000000:role/probe',
    queueArn: 'arn:aws:sqs:us-east-1:000000000000:fed',
    batchSize: 10,
    maximumBatchingWindowSeconds: 0,
    reportsBatchItemFailures: true,
    enabled: false,
  },
];
let host: FunctionHost;
let server: Server;
let client: LambdaClient;

beforeAll(async () => {
  host = aFunctionHost();
  const source = `export const handler = async (event) => { console.log('got', JSON.stringify(event));
    if (event.fail) throw new RangeError('too far'); return { echo: event }; };`;
  await host.register(aFunction({ codePath: writeFunction(source) }), someCredentials);
  const api = createLambdaApi(host, sources, identity);
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await api.handle(
      aRequest(
        request.method ?? '',
        request.url ?? '',
        Buffer.concat(chunks),
        request.headers as Record<string, string>,
      ),
    );
    response.writeHead(answer.status, answer.headers).end(answer.body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new LambdaClient({
    endpoint,
    region: identity.region,
    credentials: someCredentials,
    maxAttempts: 1,
  });
});
afterAll(async () => {
  client.destroy();
  await new Promise((resolve) => server.close(resolve));
  await host.close();
});

function aRequest(
  method: string,
  path: string,
  body = Buffer.alloc(0),
  headers: Record<string, string> = {},
): ApiRequest {
  const caller = { accessKeyId: 'local', arn: 'arn:aws:iam::000000000000:user/local-operator' };
  const [plain = '', search] = path.split('?');
  return {
    service: 'lambda',
    method,
    path: plain,
    query: new URLSearchParams(search),
    headers,
    body,
    caller,
  };
}

const readPayload = (payload: Uint8Array | undefined) => JSON.parse(Buffer.from(payload ?? []).toString());

describe('the Lambda API', () => {
  it('invokes a function and returns its answer', async () => {
    const answer = await client.send(new InvokeCommand({ FunctionName: 'probe', Payload: '{"a":1}' }));

    expect([answer.StatusCode, answer.FunctionError, readPayload(answer.Payload)]).toEqual([
      200,
      undefined,
      { echo: { a: 1 } },
    ]);
  });

  it('returns the error of a function', async () => {
    const answer = await client.send(new InvokeCommand({ FunctionName: 'probe', Payload: '{"fail":true}' }));

    expect(answer.FunctionError).toBe('Unhandled');
    expect(readPayload(answer.Payload)).toEqual({
      errorType: 'RangeError',
      errorMessage: 'too far',
      stackTrace: expect.any(Array),
    });
  });

  it('accepts an asynchronous event and runs it later', async () => {
    const answer = await client.send(
      new InvokeCommand({ FunctionName: 'probe', Payload: '{"later":1}', InvocationType: 'Event' }),
    );

    expect(answer.StatusCode).toBe(202);
    await eventually(() => (host.lastLines('probe').includes('got {"later":1}') ? true : undefined));
  });

  it.each([
    ['an unknown function', { FunctionName: 'gone' }, 'ResourceNotFoundException'],
    ['what is not JSON', { FunctionName: 'probe', Payload: '{' }, 'InvalidRequestContentException'],
    [
      'too much',
      { FunctionName: 'probe', Payload: `"${'x'.repeat(6_300_000)}"` },
      'RequestTooLargeException',
    ],
  ])('refuses %s as Lambda does', async (_, input, name) => {
    await expect(client.send(new InvokeCommand(input))).rejects.toMatchObject({ name });
  });

  it('describes functions without the values of their environment variables', async () => {
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'probe' }));
    const { Functions } = await client.send(new ListFunctionsCommand({}));

    expect(Configuration).toMatchObject({
      FunctionName: 'probe',
      Runtime: 'nodejs24.x',
      MemorySize: 256,
      Timeout: 10,
    });
    expect(Configuration?.Environment).toBeUndefined();
    expect(Functions?.map(({ FunctionName }) => FunctionName)).toEqual(['probe']);
  });

  it('runs new code from the next invocation on, while running invocations finish with the old code', async () => {
    const source = `import { existsSync } from 'node:fs';
      export const handler = async ({ file }) => { console.log('at work');
        while (file && !existsSync(file)) await new Promise((resolve) => setTimeout(resolve, 5));
        return 'old'; };`;
    const folder = writeFunction(source);
    await host.register(aFunction({ name: 'renewed', codePath: folder }), someCredentials);
    const invoke = async (event: object) => {
      const Payload = JSON.stringify(event);
      return readPayload(
        (await client.send(new InvokeCommand({ FunctionName: 'renewed', Payload }))).Payload,
      );
    };
    const file = join(folder, 'go-on');
    const running = invoke({ file });
    await eventually(() => host.lastLines('renewed').includes('at work'));
    const code = strToU8("export const handler = async () => 'new';");

    await client.send(
      new UpdateFunctionCodeCommand({ FunctionName: 'renewed', ZipFile: zipSync({ 'index.mjs': code }) }),
    );

    expect(await invoke({})).toBe('new');
    writeFileSync(file, '');
    expect(await running).toBe('old');
    expect([await invoke({}), await invoke({})]).toEqual(['new', 'new']);
    await eventually(() => host.pids().renewed?.length === 1);
  });

  it('refuses code that is not a zip package', async () => {
    const ZipFile = Buffer.from('no zip');
    await expect(
      client.send(new UpdateFunctionCodeCommand({ FunctionName: 'probe', ZipFile })),
    ).rejects.toMatchObject({ name: 'InvalidParameterValueException' });
    await expect(
      client.send(new UpdateFunctionCodeCommand({ FunctionName: 'gone', ZipFile })),
    ).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it.each([
    [
      'PUT',
      '/2015-03-31/functions/probe/code',
      'lambda:UpdateFunctionCode',
      'arn:aws:lambda:us-east-1:000000000000:function:probe',
    ],
    [
      'POST',
      '/2015-03-31/functions/probe/invocations',
      'lambda:InvokeFunction',
      'arn:aws:lambda:us-east-1:000000000000:function:probe',
    ],
    [
      'POST',
      '/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Aprobe/invocations',
      'lambda:InvokeFunction',
      'arn:aws:lambda:us-east-1:000000000000:function:probe',
    ],
    [
      'GET',
      '/2015-03-31/functions/probe',
      'lambda:GetFunction',
      'arn:aws:lambda:us-east-1:000000000000:function:probe',
    ],
    ['GET', '/2015-03-31/functions/', 'lambda:ListFunctions', '*'],
    ['GET', '/2015-03-31/event-source-mappings/', 'lambda:ListEventSourceMappings', '*'],
  ])('names the action and resource of %s %s', (method, path, action, resource) => {
    expect(createLambdaApi(host, sources, identity).identify(aRequest(method, path))).toEqual({
      action,
      resources: [resource],
    });
  });

  it('lists the event sources of a function, and whether they are enabled', async () => {
    const ask = async (input: object) =>
      (await client.send(new ListEventSourceMappingsCommand(input))).EventSourceMappings;
    const list = (FunctionName: string) => ask({ FunctionName });

    expect(await list('probe')).toMatchObject([
      { EventSourceArn: 'arn:aws:sqs:us-east-1:000000000000:fed', State: 'Disabled', UUID: 'mapping-1' },
    ]);
    expect(await list('other')).toEqual([]);
    const EventSourceArn = 'arn:aws:sqs:us-east-1:000000000000:fed';
    expect(await ask({ EventSourceArn })).toMatchObject([
      { UUID: 'mapping-1', FunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:probe' },
    ]);
    expect(await ask({ EventSourceArn: `${EventSourceArn}-other` })).toEqual([]);
  });

  it.each([
    ['DELETE', '/2015-03-31/functions/probe'],
    ['POST', '/2015-03-31/functions/%E0%A4%A/invocations'],
    ['GET', '/2020-06-30/functions/probe/code-signing-config'],
  ])('does not support %s %s', (method, path) => {
    expect(createLambdaApi(host, sources, identity).identify(aRequest(method, path))).toBeUndefined();
  });
});
