import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectSlack, type Slack } from '../../../../../functions/notify/channels/slack/client';
import { writeReply } from '../../../../../functions/notify/channels/slack/message';
import { anAnnouncement } from '../../announcements';

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

interface Asked {
  readonly path: string | undefined;
  readonly token: string | undefined;
  readonly body: string;
}

const asked: Asked[] = [];
let answer: Answer = {};
let server: Server;
let base: string;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    asked.push({ path: request.url, token: request.headers.authorization, body });
    response.writeHead(answer.status ?? 200, { 'content-type': 'application/json', ...answer.headers });
    response.end(JSON.stringify(answer.body ?? { ok: true, channel: 'C1', ts: '1.2' }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

beforeEach(() => {
  asked.length = 0;
  answer = {};
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const message = writeReply(anAnnouncement());

function connect<K extends Slack['kind']>(kind: K): Extract<Slack, { kind: K }> {
  const secret = kind === 'bot' ? 'xoxb-secret' : `${base}/hook/secret`;
  const slack = connectSlack({ secret, channel: '#iot-security', apiUrl: `${base}/api/` });
  if (slack.kind !== kind) throw new Error(`is a ${slack.kind}`);
  return slack as Extract<Slack, { kind: K }>;
}

describe('the Slack client with a bot token', () => {
  it('posts to the channel, replies in a thread, and updates', async () => {
    const slack = connect('bot');

    expect(await slack.post(message)).toEqual({ channel: 'C1', ts: '1.2' });
    await slack.post(message, { channel: 'C1', threadTs: '1.2', inChannel: true });
    await slack.update(message, { channel: 'C1', ts: '1.2' });

    expect(asked.map(({ path, token }) => [path, token])).toEqual([
      ['/api/chat.postMessage', 'Bearer xoxb-secret'],
      ['/api/chat.postMessage', 'Bearer xoxb-secret'],
      ['/api/chat.update', 'Bearer xoxb-secret'],
    ]);
    const forms = asked.map(({ body }) => Object.fromEntries(new URLSearchParams(body)));
    expect(forms).toMatchObject([
      { channel: '#iot-security', text: message.text, unfurl_links: 'false', unfurl_media: 'false' },
      { channel: 'C1', thread_ts: '1.2', reply_broadcast: 'true' },
      { channel: 'C1', ts: '1.2' },
    ]);
    expect(forms[0]).not.toHaveProperty('thread_ts');
    expect(forms[0]).not.toHaveProperty('reply_broadcast');
    expect(JSON.parse(forms[0]?.blocks ?? '')).toEqual(message.blocks);
  });

  it.each([
    ['a refusal', { body: { ok: false, error: 'channel_not_found' } }],
    ['too many requests', { status: 429, headers: { 'retry-after': '30' } }],
    ['a fault', { status: 500 }],
    ['an answer without a timestamp', { body: { ok: true } }],
  ])('fails on %s after one attempt, without revealing the token', async (_, given) => {
    answer = given;

    const error = await connect('bot')
      .post(message)
      .catch((fault: unknown) => fault);

    expect(error).toBeInstanceOf(Error);
    expect(asked).toHaveLength(1);
    expect(String(error)).not.toContain('secret');
  });
});

describe('an answer of 200 with an error of Slack itself', () => {
  it.each([
    ['internal_error', 'WebAPIPlatformError'],
    ['service_unavailable', 'WebAPIPlatformError'],
    ['ratelimited', 'ChannelBusyError'],
    ['invalid_blocks', 'ChannelRefusalError'],
  ])('%s is a %s, so that only a refusal is set aside', async (error, name) => {
    answer = { body: { ok: false, error } };

    await expect(connect('bot').post(message)).rejects.toMatchObject({ name });
  });
});

describe.each(['bot', 'webhook'] as const)('the Slack client with a %s', (kind) => {
  it('says how long Slack asks it to wait', async () => {
    answer = { status: 429, headers: { 'retry-after': '30' } };

    await expect(connect(kind).post(message)).rejects.toMatchObject({
      name: 'ChannelBusyError',
      retryAfterMs: 30_000,
    });
  });

  it('says why Slack refuses', async () => {
    answer =
      kind === 'bot' ? { body: { ok: false, error: 'is_archived' } } : { status: 404, body: 'no_service' };

    await expect(connect(kind).post(message)).rejects.toMatchObject({
      name: 'ChannelRefusalError',
      reason: expect.stringMatching(/is_archived|404 "no_service"/),
    });
  });
});

describe('the Slack client with a webhook', () => {
  it('posts JSON to its URL', async () => {
    await connect('webhook').post(message);

    expect(asked.map(({ path, body }) => [path, JSON.parse(body)])).toEqual([['/hook/secret', message]]);
  });

  it('fails if Slack refuses, without revealing the URL', async () => {
    answer = { status: 410 };

    const error = await connect('webhook')
      .post(message)
      .catch((fault: unknown) => fault);

    expect(String(error)).toBe(
      'ChannelRefusalError: Slack refused: 410 {"ok":true,"channel":"C1","ts":"1.2"}',
    );
  });
});
