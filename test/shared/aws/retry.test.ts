import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AttachPolicyCommand, IoTClient } from '@aws-sdk/client-iot';
import { boundedCalls } from '../../../shared/aws/retry';

let server: Server;
let answer: { readonly status: number; readonly name: string } | 'silence';
let calls = 0;

beforeAll(async () => {
  server = createServer((_request, response) => {
    calls += 1;
    if (answer === 'silence') return;
    response.writeHead(answer.status, { 'x-amzn-ErrorType': answer.name });
    response.end(JSON.stringify({ message: 'no' }));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

function attach(): Promise<unknown> {
  calls = 0;
  const { port } = server.address() as AddressInfo;
  const client = new IoTClient({
    ...boundedCalls(),
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  return client.send(new AttachPolicyCommand({ policyName: 'p', target: 't' }));
}

describe('calls of AWS IoT', () => {
  it.each([
    // What a certificate with ten policies answers; the SDK's own list has it among the errors of throttling.
    { status: 410, name: 'LimitExceededException' },
    { status: 400, name: 'InvalidRequestException' },
    { status: 409, name: 'VersionsLimitExceededException' },
    { status: 404, name: 'ResourceNotFoundException' },
    { status: 403, name: 'UnauthorizedException' },
  ])('are not retried after %j', async (refusal) => {
    answer = refusal;

    await expect(attach()).rejects.toMatchObject({ name: refusal.name });
    expect(calls).toBe(1);
  });

  it.each([
    { status: 400, name: 'ThrottlingException' },
    { status: 503, name: 'ServiceUnavailableException' },
  ])('are retried after %j, and fail before the function runs out of time', async (fault) => {
    answer = fault;
    const error = await attach().catch((failure: unknown) => failure);

    expect(error).toMatchObject({ name: fault.name });
    // Six at the most; fewer if the machine is slow, since patience counts time as well.
    expect(calls).toBeGreaterThan(1);
    expect(calls).toBeLessThanOrEqual(6);
    // `respond` has 15 seconds, in which the session must be cut as well.
    const { totalRetryDelay } = (error as { $metadata: { totalRetryDelay: number } }).$metadata;
    expect(totalRetryDelay).toBeLessThanOrEqual(5_000);
  });

  it('give up on a server that does not answer', async () => {
    answer = 'silence';

    await expect(attach()).rejects.toMatchObject({ name: 'TimeoutError' });
  });
});
