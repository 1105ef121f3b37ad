import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { promptCalls } from '../../cli/calls';

/** The reaction of a server to each request, one after the other. */
type Answer = 'throttle' | 'answer' | 'hang' | 'cut';

let seen: number;

async function ask(answers: readonly Answer[], requestTimeout?: number): Promise<string> {
  seen = 0;
  const server = createServer((_request, response) => {
    const answer = answers[seen++] ?? answers.at(-1);
    if (answer === 'cut') response.destroy();
    if (answer === 'throttle')
      response
        .writeHead(400)
        .end(JSON.stringify({ __type: 'com.amazonaws#ThrottlingException', message: '' }));
    if (answer === 'answer') response.writeHead(200).end(JSON.stringify({ TableNames: [] }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new DynamoDBClient({
    ...promptCalls(requestTimeout),
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  try {
    await client.send(new ListTablesCommand({}));
    return 'answered';
  } catch (error) {
    return (error as Error).name;
  } finally {
    client.destroy();
    server.close();
    server.closeAllConnections();
  }
}

describe('the calls of the command', () => {
  it('are repeated while AWS throttles them', async () => {
    expect([await ask(['throttle', 'throttle', 'throttle', 'answer']), seen]).toEqual(['answered', 4]);
  }, 20_000);

  it('are repeated once if a connection is cut, and not again', async () => {
    expect([await ask(['cut', 'answer']), seen]).toEqual(['answered', 2]);
    await ask(['cut']);
    expect(seen).toBe(2);
  });

  it('end if a server takes them and says nothing', async () => {
    // With a shorter time, a busy machine could time out before the server has seen the request.
    expect([await ask(['hang'], 2_000), seen]).toEqual(['TimeoutError', 1]);
  });
});
