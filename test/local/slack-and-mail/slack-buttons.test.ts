import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebClient } from '@slack/web-api';
import { slackToken, startTestStack, type TestStack } from '../aws/gateway/local-aws';

const signingSecret = 'signing-secret';
const received: { readonly headers: Record<string, unknown>; readonly body: string }[] = [];
let answerWith: { status: number };
let app: Server;
let stack: TestStack;
const url = () => stack.gateway.url;

beforeAll(async () => {
  app = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
    response.writeHead(answerWith.status).end();
  });
  await new Promise<void>((resolve) => app.listen(0, '127.0.0.1', resolve));
  const port = (app.address() as AddressInfo).port;
  stack = await startTestStack(
    {},
    { slackInteractionsUrl: () => `http://127.0.0.1:${port}/slack/interactions` },
  );
});
beforeEach(() => {
  received.length = 0;
  answerWith = { status: 200 };
});
afterAll(async () => {
  await stack.close();
  await new Promise((resolve) => app.close(resolve));
});

const plain = (text: string) => ({ type: 'plain_text' as const, text });

/** Posts a message with a button, and gives its ts. */
async function post(over: Record<string, unknown> = {}): Promise<string> {
  const client = new WebClient(slackToken, { slackApiUrl: `${url()}/_slack/api/` });
  const element = {
    type: 'button' as const,
    action_id: 'release',
    text: plain('Release'),
    value: 'v',
    ...over,
  };
  const { ts = '' } = await client.chat.postMessage({
    channel: '#iot-security',
    text: 'mything1',
    blocks: [{ type: 'actions', elements: [element] }],
  });
  return ts;
}

function press(ts: string, action: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url()}/_cordon/slack/press`, {
    method: 'POST',
    headers,
    body: new URLSearchParams({ ts, action }),
    redirect: 'manual',
  });
}

const whispers = () => stack.slack.messages().filter(({ ephemeral }) => ephemeral);

describe('a button on the page', () => {
  it('is sent to the app as Slack does, with a signature over the exact bytes', async () => {
    const ts = await post();

    const answer = await press(ts, 'release', { origin: url() });

    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/_cordon/']);
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    const hmac = createHmac('sha256', signingSecret)
      .update(`v0:${headers['x-slack-request-timestamp']}:${body}`)
      .digest('hex');
    expect(headers).toMatchObject({
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-signature': `v0=${hmac}`,
    });
    expect(JSON.parse(new URLSearchParams(body).get('payload') ?? '')).toMatchObject({
      type: 'block_actions',
      user: { id: 'U0LOCAL', username: 'local-operator' },
      container: { type: 'message', message_ts: ts },
      channel: { name: 'iot-security' },
      response_url: `${url()}/_slack/response/${ts}`,
      actions: [{ type: 'button', action_id: 'release', value: 'v' }],
    });
  });

  it('shows the app’s answer below its message, for the person who pressed it', async () => {
    const ts = await post();

    const answer = await fetch(`${url()}/_slack/response/${ts}`, {
      method: 'POST',
      body: JSON.stringify({ response_type: 'ephemeral', text: 'is sent <b>' }),
    });

    expect(answer.status).toBe(200);
    expect(whispers().at(-1)).toMatchObject({ text: 'is sent <b>', threadTs: ts, ephemeral: true });
    const page = await (await fetch(`${url()}/_cordon/`)).text();
    expect(page).toContain('only for you');
    expect(page).toContain('is sent &#60;b&#62;');
  });

  it.each([401, 500, 503])('shows that the app refused it with %i', async (status) => {
    const ts = await post();
    answerWith = { status };

    expect((await press(ts, 'release')).status).toBe(303);

    expect(whispers().at(-1)?.text).toBe(`Slack would show a warning: the app answered ${status}`);
  });

  it.each([
    ['from a page of another port', 'release', 'http://127.0.0.1:9', 403],
    ['from another site', 'release', 'https://evil.example', 403],
    ['from a page that hides its origin', 'release', 'null', 403],
    ['that is not there', 'approve', undefined, 404],
  ])('does nothing %s', async (_, action, origin, status) => {
    const ts = await post();

    expect((await press(ts, action, origin === undefined ? {} : { origin })).status).toBe(status);
    expect((await press('1.1', 'release')).status).toBe(404);
    expect(received).toEqual([]);
  });

  it('asks for confirmation if its sender requests it, and shows hostile text as text', async () => {
    const hostile = '"><script>alert(1)</script>';
    const confirm = {
      title: plain('Release?'),
      text: plain(hostile),
      confirm: plain('Yes'),
      deny: plain('No'),
    };
    const ts = await post({ confirm, action_id: hostile, text: plain(hostile) });

    const page = await (await fetch(`${url()}/_cordon/`)).text();
    const query = new URLSearchParams({ ts, action: hostile });
    const dialog = await fetch(`${url()}/_cordon/slack/confirm?${query}`);
    const html = await dialog.text();

    expect(page).toContain('<form method="get" action="/_cordon/slack/confirm">');
    expect(html).toContain('<form method="post" action="/_cordon/slack/press">');
    expect(html).toContain('<button>Yes</button>');
    expect(page + html).not.toContain('<script');
    expect(dialog.headers.get('content-security-policy')).toMatch(/form-action 'self'/);
    // Otherwise, a browser would send the form with the origin "null".
    expect(dialog.headers.get('referrer-policy')).toBe('same-origin');
    expect((await fetch(`${url()}/_cordon/slack/confirm?ts=${ts}&action=other`)).status).toBe(404);
  });
});

describe('a response URL', () => {
  it.each([
    ['1.1', '{"text":"x"}', 404],
    ['', '{"text":"x"}', 404],
    ['own', '{"text":7}', 400],
    ['own', 'null', 400],
    ['own', '{', 400],
  ])('rejects an answer to %s of %s', async (to, body, status) => {
    const ts = await post();
    const before = whispers().length;

    const answer = await fetch(`${url()}/_slack/response/${to === 'own' ? ts : to}`, {
      method: 'POST',
      body,
    });

    expect([answer.status, whispers().length]).toEqual([status, before]);
  });
});
