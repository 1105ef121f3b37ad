import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { promptCalls } from '../../../cli/calls';
import { reachCloudFormation } from '../../../cli/deploy/reach';
import { readFault } from '../../../cli/faults';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const refusing = (code: string, message = code) =>
  serve((_, response) => {
    response.writeHead(400, { 'content-type': 'text/xml' });
    response.end(
      `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
    );
  });

let endedByServer = 0;
beforeEach(() => {
  endedByServer = 0;
});
/** Holds a connection for longer than the command may wait, then ends it. */
function hold({ socket }: IncomingMessage): void {
  const ending = setTimeout(() => {
    endedByServer += 1;
    socket.destroy();
  }, 20_000);
  socket.once('close', () => clearTimeout(ending));
}

/** No longer than a test wants to wait for a server that does not answer. */
const silenceMs = 500;

/** The outcome of the command, or undefined if it starts osls. On a busy machine, the server may answer slowly. */
async function reach(endpoint: string, env: NodeJS.ProcessEnv = {}, answerMs = 20_000) {
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const settings = { ...promptCalls(answerMs), endpoint, credentials };
  const given = { ...env, AWS_ENDPOINT_URL: endpoint };
  try {
    await reachCloudFormation('eu-prod', 'eu-west-1', given, settings);
    return undefined;
  } catch (error) {
    return readFault(error, { stage: 'eu-prod', isLocal: false, aws: true }, given);
  }
}

describe('a deploy or a removal', () => {
  it('says within seconds that nothing is there', async () => {
    const endpoint = await serve(() => undefined);
    await new Promise((resolve) => servers.splice(0)[0]?.close(resolve));

    expect(await reach(endpoint)).toEqual({
      exitCode: 5,
      text: expect.stringMatching(/^nothing answers at http:\S+ \(ECONNREFUSED\), which AWS_ENDPOINT_URL/),
    });
  });

  it('says so about a server that accepts and never answers', async () => {
    const endpoint = await serve(hold);

    expect(await reach(endpoint, {}, silenceMs)).toEqual({
      exitCode: 5,
      text: expect.stringMatching(/^nothing answers at .* \(ETIMEDOUT\), which AWS_ENDPOINT_URL/),
    });
    expect(endedByServer).toBe(0);
  });

  it('says so about a server whose answer begins and never ends', async () => {
    const endpoint = await serve((request, response) => {
      response.writeHead(200, { 'content-type': 'text/xml' }).write('<DescribeStacksResponse>');
      hold(request);
    });

    expect(await reach(endpoint, {}, silenceMs)).toEqual({
      exitCode: 5,
      text: expect.stringMatching(/^nothing answers at .*, which AWS_ENDPOINT_URL/),
    });
    expect(endedByServer).toBe(0);
  });

  it.each([
    ['an error that is none of AWS', 500, 'oops'],
    ['a page', 200, '<!doctype html><html><body>Sign in</body></html>'],
    ['nothing', 200, ''],
    ['a page that says no', 403, '<html><body>Forbidden</body></html>'],
  ])('names the server that answers with %s', async (_, status, body) => {
    const endpoint = await serve((__, response) => void response.writeHead(status).end(body));

    expect(await reach(endpoint)).toEqual({
      exitCode: 5,
      text: expect.stringMatching(/^http:\S+ \(HTTP \d+\) gave an answer that AWS does not give/),
    });
  });

  it.each([
    ['ExpiredToken', 5, /^the AWS credentials have expired/],
    ['InvalidClientTokenId', 5, /^AWS does not accept the credentials \(InvalidClientTokenId\)/],
    ['SignatureDoesNotMatch', 5, /^AWS does not accept the credentials \(SignatureDoesNotMatch\)/],
    ['AccessDenied', 3, /^AccessDenied: /],
  ])('names what CloudFormation has against the caller: %s', async (code, exitCode, text) => {
    expect(await reach(await refusing(code))).toEqual({ exitCode, text: expect.stringMatching(text) });
  });

  it.each([
    ['there is no stack yet', 'ValidationError', 'Stack with id cordon-eu-prod does not exist'],
    ['CloudFormation has another complaint', 'InternalFailure', 'later'],
  ])('continues if %s', async (_, code, message) => {
    expect(await reach(await refusing(code, message))).toBeUndefined();
  });

  it.each(['HTTPS_PROXY', 'http_proxy', 'cafile'])('leaves all of it to osls if %s is set', async (name) => {
    expect(await reach('http://127.0.0.1:1', { [name]: 'http://proxy.example' })).toBeUndefined();
  });
});
