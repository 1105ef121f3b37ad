import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { strToU8, zipSync } from 'fflate';
import type { FunctionDefinition } from '../../../../local/aws/lambda/definitions';
import {
  type FunctionHost,
  FunctionNotFoundError,
  PayloadTooLargeError,
} from '../../../../local/aws/lambda/function';
import { makeTemporaryFolder } from '../../../temporary-folder';
import { aFunction, aFunctionHost, eventually, someCredentials, writeFunction } from './fixtures';

let host: FunctionHost;

beforeEach(() => {
  host = aFunctionHost();
});
afterEach(() => host.close());

async function register(
  source: string,
  overrides: Partial<FunctionDefinition> = {},
  fileName?: string,
): Promise<void> {
  await host.register(
    aFunction({ codePath: writeFunction(source, fileName), ...overrides }),
    someCredentials,
  );
}

describe('a hosted function', () => {
  it('gets the event and a Lambda context', async () => {
    await register(`export const handler = async (event, context) => ({ event, context,
      remaining: context.getRemainingTimeInMillis() > 0 });`);

    const outcome = await host.invoke('probe', { thing: 'mything1' });

    expect(outcome).toEqual({
      status: 'succeeded',
      requestId: outcome.requestId,
      payload: expect.any(String),
    });
    expect(JSON.parse(outcome.status === 'succeeded' ? outcome.payload : '')).toEqual({
      event: { thing: 'mything1' },
      context: {
        callbackWaitsForEmptyEventLoop: true,
        functionName: 'probe',
        functionVersion: '$LATEST',
        invokedFunctionArn: 'arn:aws:lambda:us-east-1:000000000000:function:probe',
        memoryLimitInMB: '256',
        awsRequestId: outcome.requestId,
        logGroupName: '/aws/lambda/probe',
        logStreamName: expect.stringMatching(/^\d{4}\/\d\d\/\d\d\/\[\$LATEST\][0-9a-f]{32}$/),
      },
      remaining: true,
    });
  });

  it('sees only the variables of Lambda and the template, and PATH', async () => {
    process.env.CORDON_TEST_LEAK = 'leaked';
    await register('export const handler = async () => process.env;', { environment: { TABLE: 'cases' } });

    const outcome = await host.invoke('probe', {});
    delete process.env.CORDON_TEST_LEAK;

    const environment = JSON.parse(outcome.status === 'succeeded' ? outcome.payload : '');
    expect(Object.keys(environment).sort()).toEqual([
      'AWS_ACCESS_KEY_ID',
      'AWS_DEFAULT_REGION',
      'AWS_ENDPOINT_URL',
      'AWS_EXECUTION_ENV',
      'AWS_LAMBDA_FUNCTION_MEMORY_SIZE',
      'AWS_LAMBDA_FUNCTION_NAME',
      'AWS_LAMBDA_FUNCTION_VERSION',
      'AWS_LAMBDA_INITIALIZATION_TYPE',
      'AWS_LAMBDA_LOG_GROUP_NAME',
      'AWS_LAMBDA_LOG_STREAM_NAME',
      'AWS_REGION',
      'AWS_SECRET_ACCESS_KEY',
      'AWS_SESSION_TOKEN',
      'LAMBDA_TASK_ROOT',
      'LANG',
      'PATH',
      'TABLE',
      'TZ',
      '_HANDLER',
    ]);
    expect(environment.TABLE).toBe('cases');
  });

  it('keeps its state from one invocation to the next', async () => {
    await register('let calls = 0; export const handler = async () => ++calls;');

    await host.invoke('probe', {});
    const second = await host.invoke('probe', {});

    expect(second).toMatchObject({ status: 'succeeded', payload: '2' });
  });

  it.each([
    ['throws an error', `throw new RangeError('too far')`, 'RangeError', 'too far'],
    ['throws a string', `throw 'nope'`, 'string', 'nope'],
    [
      'answers what JSON has no word for',
      'return 10n',
      'Runtime.MarshalError',
      'Unable to stringify response body',
    ],
    [
      'leaves a rejection unhandled',
      `Promise.reject(new Error('lost')); await new Promise(() => {})`,
      'Runtime.UnhandledPromiseRejection',
      'lost',
    ],
    [
      'throws from a timer',
      `setTimeout(() => { throw new Error('late') }); await new Promise(() => {})`,
      'Error',
      'late',
    ],
    [
      'exits',
      'process.exit(3)',
      'Runtime.ExitError',
      /^RequestId: .* Error: Runtime exited with error: exit status 3$/,
    ],
    [
      'exits cleanly',
      'process.exit(0)',
      'Runtime.ExitError',
      /^RequestId: .* Error: Runtime exited without providing a reason$/,
    ],
    [
      'kills itself',
      `process.kill(process.pid, 'SIGKILL'); await new Promise(() => {})`,
      'Runtime.ExitError',
      /signal: killed$/,
    ],
    [
      'answers more than 6 MB',
      `return 'x'.repeat(7_000_000)`,
      'Function.ResponseSizeTooLarge',
      /exceeded maximum/,
    ],
  ])(
    'fails the invocation when it %s, and works again on the next',
    async (_, statement, errorType, message) => {
      await register(
        `export const handler = async (event) => { if (event.ok) return 'fine'; ${statement} };`,
      );

      const outcome = await host.invoke('probe', {});
      const next = await host.invoke('probe', { ok: true });

      expect(outcome).toMatchObject({ status: 'failed', error: { errorType } });
      expect(outcome.status === 'failed' && outcome.error.errorMessage).toMatch(message);
      expect(next).toMatchObject({ status: 'succeeded', payload: '"fine"' });
    },
  );

  it('is ended at its timeout', async () => {
    await register('export const handler = async (event) => { while (!event.ok); };', { timeoutSeconds: 1 });

    const outcome = await host.invoke('probe', {});
    const next = await host.invoke('probe', { ok: true });

    const errorMessage = `RequestId: ${outcome.requestId} Error: Task timed out after 1.00 seconds`;
    const error = { errorType: 'Sandbox.Timedout', errorMessage };
    expect(outcome).toEqual({ status: 'failed', requestId: outcome.requestId, error });
    expect(next).toMatchObject({ status: 'succeeded' });
  });

  it('fails the invocation in flight when its worker is killed from outside', async () => {
    await register(
      'export const handler = (event) => event.ok ? Promise.resolve(process.pid) : new Promise(() => {});',
    );
    await host.warm('probe');
    const [pid] = host.pids().probe ?? [];

    const inFlight = host.invoke('probe', {});
    process.kill(pid ?? 0, 'SIGKILL');
    const outcome = await inFlight;
    const next = await host.invoke('probe', { ok: true });

    expect(outcome).toMatchObject({ status: 'failed', error: { errorType: 'Runtime.ExitError' } });
    expect(next).toMatchObject({ status: 'succeeded', payload: expect.not.stringMatching(`^${pid}$`) });
  });

  it('runs at most its reserved number of invocations at once, in order', async () => {
    await register(
      `let running = 0; export const handler = async (n) => { running++; await new Promise((r) => setTimeout(r, 5));
        return [n, running--]; };`,
      { reservedConcurrency: 1 },
    );

    const outcomes = await Promise.all([1, 2, 3, 4].map((n) => host.invoke('probe', n)));

    expect(outcomes.map((outcome) => (outcome.status === 'succeeded' ? outcome.payload : ''))).toEqual([
      '[1,1]',
      '[2,1]',
      '[3,1]',
      '[4,1]',
    ]);
    expect(host.pids().probe).toHaveLength(1);
  });

  it('runs invocations side by side up to its limit', async () => {
    await register(
      'export const handler = async () => { await new Promise((r) => setTimeout(r, 200)); return process.pid; };',
    );

    const outcomes = await Promise.all(Array.from({ length: 8 }, () => host.invoke('probe', {})));

    expect(outcomes.filter((outcome) => outcome.status === 'failed')).toEqual([]);
    expect(host.pids().probe).toHaveLength(4);
  });

  it('lets an invocation wait for a busy worker if the host has patience, and starts one more when that ends', async () => {
    const source = `export const handler = async (ms) => {
      await new Promise((resolve) => setTimeout(resolve, ms)); return process.pid; };`;
    const patient = aFunctionHost({ patienceMs: 60_000 });
    const impatient = aFunctionHost({ patienceMs: 20 });
    const definition = aFunction({ codePath: writeFunction(source) });
    await patient.register(definition, someCredentials);
    await impatient.register(definition, someCredentials);

    const shared = await Promise.all([1, 1, 1].map((ms) => patient.invoke('probe', ms)));
    const held = impatient.invoke('probe', 9_000);
    const served = await impatient.invoke('probe', 1);

    expect(new Set(shared.map((outcome) => outcome.status === 'succeeded' && outcome.payload)).size).toBe(1);
    expect(served.status).toBe('succeeded');
    expect(impatient.pids().probe).toHaveLength(2);
    await Promise.all([patient.close(), impatient.close()]);
    expect(await held).toMatchObject({ status: 'failed' });
  });

  it.each([
    [
      'cannot be loaded',
      `throw new TypeError('bad config')`,
      {},
      { errorType: 'TypeError', errorMessage: 'bad config' },
    ],
    ['has no such export', 'export const other = 1;', {}, { errorType: 'Runtime.HandlerNotFound' }],
    ['has no such file', '', { handler: 'gone.handler' }, { errorType: 'Runtime.ImportModuleError' }],
    [
      'takes a callback',
      'export const handler = (event, context, callback) => callback();',
      {},
      { errorType: 'Runtime.CallbackHandlerDeprecated' },
    ],
    ['exits while it loads', 'process.exit(7);', {}, { errorType: 'Runtime.ExitError' }],
  ])('fails each invocation when its module %s', async (_, source, overrides, error) => {
    await register(source, overrides);

    const outcomes = [await host.invoke('probe', {}), await host.invoke('probe', {})];

    expect(outcomes).toMatchObject([
      { status: 'failed', error },
      { status: 'failed', error },
    ]);
    await expect(host.warm('probe')).rejects.toThrow(error.errorType);
  });

  it('loads a CommonJS bundle from a zip although the project is an ES module', async () => {
    const zip = path.join(makeTemporaryFolder(), 'code.zip');
    const source = strToU8('exports.handler = async () => typeof require;');
    await writeFile(zip, zipSync({ 'functions/probe/index.js': source }));
    await host.register(
      aFunction({ codePath: zip, handler: 'functions/probe/index.handler' }),
      someCredentials,
    );

    expect(await host.invoke('probe', {})).toMatchObject({ status: 'succeeded', payload: '"function"' });
  });

  it('refuses a zip that writes outside its folder', async () => {
    const zip = path.join(makeTemporaryFolder(), 'code.zip');
    await writeFile(zip, zipSync({ '../evil.js': strToU8('') }));

    await expect(host.register(aFunction({ codePath: zip }), someCredentials)).rejects.toThrow(
      'leads out of its folder: ../evil.js',
    );
  });

  it('writes its output to its log, not to the terminal', async () => {
    await register(`export const handler = async () => { console.log('hello'); console.error('trouble'); };`);

    await host.invoke('probe', {});
    const lines = await eventually(() => {
      const found = host.lastLines('probe');
      return found.includes('hello') && found.includes('trouble') ? found : undefined;
    });

    expect(lines).toContain('hello');
  });

  it('reports the duration of its first start', async () => {
    await register('export const handler = async () => 1;');

    await host.warm();

    expect(host.coldStarts()).toEqual({ probe: expect.any(Number) });
  });

  it('carries its name in the list of processes', async () => {
    await register('export const handler = async () => 1;');
    await host.warm();
    const [pid] = host.pids().probe ?? [];

    expect(readFileSync(`/proc/${pid}/cmdline`, 'utf8')).toMatch(/^cordon-fn-probe/);
  });

  it('retries an asynchronous event twice', async () => {
    await host.close();
    host = aFunctionHost({ asyncRetryDelaysMs: [1, 1] });
    await register(
      `export const handler = async () => { console.log('tried'); throw new Error('always'); };`,
    );

    host.enqueue('probe', {});
    const count = () => host.lastLines('probe').filter((line) => line === 'tried').length;
    await eventually(() => (count() === 3 ? true : undefined));

    expect(count()).toBe(3);
  });

  it('fails running invocations when the stack stops, and leaves no process', async () => {
    await register('export const handler = () => new Promise(() => {});');
    await host.warm();
    const [pid] = host.pids().probe ?? [];

    const inFlight = host.invoke('probe', {});
    await host.close();

    expect(await inFlight).toMatchObject({ status: 'failed' });
    expect(() => process.kill(pid ?? 0, 0)).toThrow('ESRCH');
  });

  it('can be found by name and by ARN only', async () => {
    await register('export const handler = async () => 1;');

    expect(await host.invoke('arn:aws:lambda:us-east-1:000000000000:function:probe', {})).toMatchObject({
      payload: '1',
    });
    await expect(host.invoke('../probe', {})).rejects.toThrow(FunctionNotFoundError);
  });

  it('accepts no event over 6 MB', async () => {
    await register('export const handler = async () => 1;');

    await expect(host.invoke('probe', 'x'.repeat(6_300_000))).rejects.toThrow(PayloadTooLargeError);
  });
});
