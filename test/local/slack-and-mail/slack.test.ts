import { CreateTopicCommand, PublishCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { LogLevel, WebClient } from '@slack/web-api';
import { operatorClients, slackToken, startTestStack, type TestStack } from '../aws/gateway/local-aws';

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.close());

function aClient(token = slackToken): WebClient {
  const slackApiUrl = `${stack.gateway.url}/_slack/api/`;
  return new WebClient(token, {
    slackApiUrl,
    logLevel: LogLevel.ERROR,
    retryConfig: { retries: 1, minTimeout: 1 },
  });
}

const section = (text: string) => ({ type: 'section' as const, text: { type: 'mrkdwn' as const, text } });
const header = (text: string) => ({ type: 'header' as const, text: { type: 'plain_text' as const, text } });

function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'no error',
    (error: { data?: { error?: string } }) => error.data?.error,
  );
}

describe('the Slack Web API', () => {
  it('keeps a message, its replies and its text before an update', async () => {
    const slack = aClient();

    const root = await slack.chat.postMessage({
      channel: '#iot-security',
      text: 'mything1',
      blocks: [section('a')],
    });
    const { ts = '', channel = '' } = root;
    await slack.chat.postMessage({ channel: '#iot-security', text: 'reply', thread_ts: ts });
    await slack.chat.update({ channel, ts, text: 'mything1 contained', blocks: [section('b')] });

    const kept = { channel: '#iot-security', channelId: channel, at: expect.any(Number) };
    expect(stack.slack.messages()).toEqual([
      {
        ...kept,
        ts,
        text: 'mything1 contained',
        blocks: [section('b')],
        updates: [{ text: 'mything1', blocks: [section('a')], at: expect.any(Number) }],
      },
      { ...kept, ts: expect.not.stringMatching(ts), threadTs: ts, text: 'reply', blocks: [], updates: [] },
    ]);
    expect(channel).toMatch(/^C[0-9A-F]{10}$/);
  });

  it('refuses another token', async () => {
    expect(await errorOf(aClient('xoxb-other').chat.postMessage({ channel: '#c', text: 'x' }))).toBe(
      'invalid_auth',
    );
  });

  it.each([
    ['a section of 3001 characters', { text: 'x', blocks: [section('x'.repeat(3_001))] }, 'invalid_blocks'],
    ['a header of 151 characters', { text: 'x', blocks: [header('x'.repeat(151))] }, 'invalid_blocks'],
    ['51 blocks', { text: 'x', blocks: Array.from({ length: 51 }, () => section('x')) }, 'invalid_blocks'],
    ['an empty section', { text: 'x', blocks: [section('')] }, 'invalid_blocks'],
    ['a text of 40001 characters', { text: 'x'.repeat(40_001) }, 'msg_too_long'],
    ['no content', { text: '' }, 'no_text'],
  ])('refuses %s', async (_case, content, error) => {
    expect(await errorOf(aClient().chat.postMessage({ channel: '#c', ...content }))).toBe(error);
  });

  it('accepts contents at the exact limit', async () => {
    const blocks = [header('x'.repeat(150)), ...Array.from({ length: 49 }, () => section('x'.repeat(3_000)))];

    expect((await aClient().chat.postMessage({ channel: '#c', text: 'x'.repeat(40_000), blocks })).ok).toBe(
      true,
    );
  });

  it('updates only an existing message, by the id of its channel', async () => {
    const { ts = '', channel = '' } = await aClient().chat.postMessage({ channel: '#updates', text: 'x' });

    expect(await errorOf(aClient().chat.update({ channel: '#updates', ts, text: 'y' }))).toBe(
      'channel_not_found',
    );
    expect(await errorOf(aClient().chat.update({ channel, ts: '1.1', text: 'y' }))).toBe('message_not_found');
  });

  it('limits the rate on demand, and the client retries after Retry-After', async () => {
    stack.slack.setRateLimit({ calls: 1, retryAfterSeconds: 0 });

    expect((await aClient().chat.postMessage({ channel: '#limited', text: 'x' })).ok).toBe(true);
    const limit = { method: 'POST', body: JSON.stringify({ calls: 1, retryAfterSeconds: 7 }) };
    await fetch(`${stack.gateway.url}/_cordon/slack/rate-limit`, limit);
    const limited = await fetch(`${stack.gateway.url}/_slack/api/chat.postMessage`, { method: 'POST' });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  });
});

describe('Slack with real rate limits', () => {
  beforeAll(() =>
    fetch(`${stack.gateway.url}/_cordon/slack/pace`, { method: 'POST', body: '{"real":true}' }),
  );
  afterAll(() => stack.slack.keepPace(false));

  const call = async (method: string, args: object) => {
    const response = await fetch(`${stack.gateway.url}/_slack/api/${method}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${slackToken}` },
      body: JSON.stringify(args),
    });
    return [response.status, response.headers.get('retry-after')];
  };

  it('accepts one message a second in a channel, and says how long to wait', async () => {
    expect(await call('chat.postMessage', { channel: '#pace', text: 'x' })).toEqual([200, null]);
    expect(await call('chat.postMessage', { channel: '#pace', text: 'x' })).toEqual([429, '1']);
    expect(await call('chat.postMessage', { channel: '#pace-too', text: 'x' })).toEqual([200, null]);
  });

  it('accepts 50 updates a minute', async () => {
    const { ts = '', channel = '' } = await aClient().chat.postMessage({ channel: '#tier3', text: 'x' });

    for (let update = 0; update < 50; update += 1) await call('chat.update', { channel, ts, text: 'y' });
    const [status, retryAfter] = await call('chat.update', { channel, ts, text: 'y' });

    expect(status).toBe(429);
    expect(Number(retryAfter)).toBeGreaterThan(50);
  });
});

describe('a person in Slack', () => {
  it('can delete a message: neither an update nor a reply finds it', async () => {
    const { ts = '', channel = '' } = await aClient().chat.postMessage({ channel: '#deleted', text: 'x' });

    await fetch(`${stack.gateway.url}/_cordon/slack/delete-message`, {
      method: 'POST',
      body: JSON.stringify({ ts }),
    });

    expect(await errorOf(aClient().chat.update({ channel, ts, text: 'y' }))).toBe('message_not_found');
    expect(await errorOf(aClient().chat.postMessage({ channel, text: 'y', thread_ts: ts }))).toBe(
      'thread_not_found',
    );
  });

  it.each([
    ['archived', 'is_archived', 'is_archived'],
    ['renamed', 'channel_not_found', 'no error'],
  ])('can make a channel %s', async (state, byName, byId) => {
    const { channel = '' } = await aClient().chat.postMessage({ channel: `#${state}`, text: 'x' });

    await fetch(`${stack.gateway.url}/_cordon/slack/channel`, {
      method: 'POST',
      body: JSON.stringify({ name: `#${state}`, state }),
    });

    expect(await errorOf(aClient().chat.postMessage({ channel: `#${state}`, text: 'y' }))).toBe(byName);
    expect(await errorOf(aClient().chat.postMessage({ channel, text: 'y' }))).toBe(byId);
  });
});

describe('a Slack incoming webhook', () => {
  const post = async (body: string) => {
    const response = await fetch(`${stack.gateway.url}/_slack/webhook/T0/B0/secret`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    return [response.status, await response.text()];
  };

  it('accepts JSON and answers ok', async () => {
    expect(await post(JSON.stringify({ text: 'from a webhook' }))).toEqual([200, 'ok']);
    expect(stack.slack.messages().at(-1)).toMatchObject({ channel: 'webhook', text: 'from a webhook' });
  });

  it.each([
    ['not json', [400, 'no_text']],
    ['{"text":7}', [400, 'invalid_payload']],
    [JSON.stringify({ text: 'x', blocks: [header('x'.repeat(151))] }), [400, 'invalid_payload']],
  ])('refuses %s', async (body, answer) => {
    expect(await post(body)).toEqual(answer);
  });
});

describe('the page of messages', () => {
  it('shows hostile text as text, without scripts or requests to anywhere', async () => {
    const hostile = '<script>alert(1)</script>&lt;img src=x onerror=alert(2)&gt;';
    const { sns } = operatorClients(stack);
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: 'mail' }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'email', Endpoint: '<b>@example.com' }));
    await sns.send(new PublishCommand({ TopicArn, Message: hostile, Subject: 'S "q" <i>' }));
    await aClient().chat.postMessage({
      channel: '#page',
      text: 'x',
      blocks: [header(hostile), section(hostile)],
    });

    const response = await fetch(`${stack.gateway.url}/_cordon/`);
    const html = await response.text();

    expect(html).not.toMatch(/<(script|img|b|i)[\s>]/);
    expect(html).toContain('&#60;script&#62;alert(1)');
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-/,
    );
  });

  it('is available as JSON', async () => {
    const response = await fetch(`${stack.gateway.url}/_cordon/messages`);

    expect(await response.json()).toEqual({ slack: stack.slack.messages(), mails: stack.mails() });
  });
});
