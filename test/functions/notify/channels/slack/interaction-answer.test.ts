import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectSlackAnswers } from '../../../../../functions/notify/channels/slack/interaction-answer';
import { fakeTelemetry } from '../../../../fakes';

const received: unknown[] = [];
let status = 200;
let server: Server;
const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push([request.url, JSON.parse(Buffer.concat(chunks).toString())]);
    response.writeHead(status, { location: `${origin()}/elsewhere` }).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
beforeEach(() => {
  received.length = 0;
  status = 200;
});
afterAll(() => new Promise((resolve) => server.close(resolve)));

function setUp() {
  const { lines, log } = fakeTelemetry();
  return { lines, answer: connectSlackAnswers(`${origin()}/_slack/api/`, log) };
}

describe('the answer to a pressed button', () => {
  it('is shown only to the person who pressed it, and leaves the message as it is', async () => {
    const { answer, lines } = setUp();

    await answer(`${origin()}/response/1`, 'done');

    const message = { response_type: 'ephemeral', replace_original: false, text: 'done' };
    expect([received, lines]).toEqual([[['/response/1', message]], []]);
  });

  it('makes no link or mention of a name in it', async () => {
    const { answer } = setUp();

    await answer(`${origin()}/response/1`, 'asked by <!channel>&<https://evil.example|ada>\u202e.');

    expect(received).toEqual([
      [
        '/response/1',
        expect.objectContaining({
          text: 'asked by &lt;!channel&gt;&amp;&lt;https://evil.example|ada&gt;\ufffd.',
        }),
      ],
    ]);
  });

  it.each([
    'https://evil.example/x',
    'http://hooks.slack.com/x',
    'https://hooks.slack.com.evil.example/',
    'https://slack.com@evil.example/',
    'https://user@hooks.slack.com/',
    'https://hooks.slack.com:8443/',
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data',
    'no url',
    '',
  ])('is sent only to Slack, not to %s', async (url) => {
    const sent: unknown[] = [];
    const { lines, log } = fakeTelemetry();
    const answer = connectSlackAnswers('https://slack.com/api/', log, async (target) => {
      sent.push(target);
      return { status: 200, statusText: '', headers: {}, text: '' };
    });

    await answer(url, 'x');
    expect(sent).toEqual([]);
    expect(lines).toMatchObject([{ level: 'warn', message: 'the response URL is not Slack’s' }]);
    await answer('https://hooks.slack.com/actions/T1/1/x', 'x');
    expect(sent).toEqual(['https://hooks.slack.com/actions/T1/1/x']);
  });

  it.each([404, 500, 302])('is logged if Slack refuses it with %i, and follows no redirect', async (code) => {
    const { answer, lines } = setUp();
    status = code;

    await answer(`${origin()}/response/1`, 'x');

    expect(received).toHaveLength(1);
    expect(lines).toMatchObject([{ level: 'warn', message: 'Slack did not accept the answer' }]);
  });
});
