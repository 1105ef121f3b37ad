import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { askService } from '../../../cli/doctor/ask-service';
import { examineSlack } from '../../../functions/notify/channels/slack/examination';
import type { ChannelState } from '../../../local/slack-and-mail/slack-board';
import { slackToken, startTestStack, type TestStack } from '../../local/aws/gateway/local-aws';

const all = ['chat:write', 'channels:read', 'groups:read'];
let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.close());

function examine(channel: string, sendTest = false) {
  const apiUrl = `${stack.gateway.url}/_slack/api/`;
  return examineSlack({ secret: slackToken, apiUrl, channel, sendTest }, askService);
}
const without = (...scopes: readonly string[]) => all.filter((scope) => !scopes.includes(scope));

describe('what the doctor says of a Slack channel without posting', () => {
  it.each<[string, ChannelState, readonly string[], string, RegExp]>([
    ['an app in the channel', 'active', all, 'well', /and the app is in Slack/],
    ['an app in a private channel', 'private', all, 'well', /and the app is in Slack/],
    ['an app that was removed', 'left', all, 'wrong', /the app is not in Slack .*: type \/invite/],
    ['a private channel without the app', 'hidden', all, 'wrong', /the app is not in Slack/],
    ['an archived channel', 'archived', all, 'wrong', /is archived/],
    ['a renamed channel', 'renamed', all, 'wrong', /the app is not in Slack/],
    ['a token that may not post', 'active', without('chat:write'), 'wrong', /lacks the scope chat:write/],
    ['a token that may post anywhere', 'left', [...all, 'chat:write.public'], 'unsure', /is not in Slack/],
    ['a token that sees public channels', 'active', without('groups:read'), 'well', /the app is in Slack/],
    [
      'a private one beyond that',
      'private',
      without('groups:read'),
      'unsure',
      /private ones need groups:read/,
    ],
    ['a token that sees nothing', 'active', ['chat:write'], 'unsure', /missing_scope \(channels:read/],
  ])('by name, of %s', async (_, state, scopes, is, what) => {
    const { slack } = stack;
    slack.setChannel('#field', state);
    slack.setScopes(scopes);

    expect(await examine('#field')).toMatchObject({ is, what: expect.stringMatching(what) });
    expect(slack.messages()).toEqual([]);
  });

  it.each<[string, ChannelState, readonly string[], string, RegExp]>([
    ['an app in the channel', 'active', all, 'well', /and the app is in Slack/],
    ['an app that was removed', 'left', all, 'wrong', /the app is not in Slack/],
    ['a private channel without the app', 'hidden', all, 'wrong', /the app is not in Slack/],
    ['an archived channel', 'archived', all, 'wrong', /is archived/],
    [
      'a private one beyond the scopes',
      'private',
      without('groups:read'),
      'unsure',
      /missing_scope \(groups:read\)/,
    ],
  ])('by id, of %s', async (_, state, scopes, is, what) => {
    const { slack } = stack;
    slack.setChannel('C0123456789', state);
    slack.setScopes(scopes);

    expect(await examine('C0123456789')).toMatchObject({ is, what: expect.stringMatching(what) });
  });

  it('of a person, about whom Slack does not say', async () => {
    stack.slack.setScopes(all);
    expect(await examine('@duty')).toMatchObject({ is: 'unsure', what: expect.stringContaining('a person') });
  });

  it('finds a channel on the second page', async () => {
    const pages = ['', '2'];
    const asked: string[] = [];
    const found = await examineSlack(
      { secret: 'x', apiUrl: 'https://slack.com/api/', channel: 'far', sendTest: false },
      async (url, _, { cursor = '' }) => {
        if (url.endsWith('auth.test')) return { ok: true };
        asked.push(cursor);
        return cursor === ''
          ? { ok: true, channels: [], response_metadata: { next_cursor: '2' } }
          : { ok: true, channels: [{ name: 'far', is_member: true }] };
      },
    );
    expect([found?.is, asked]).toEqual(['well', pages]);
  });
});

describe('a test message', () => {
  it.each<[ChannelState, readonly string[], string]>([
    ['left', all, 'not_in_channel'],
    ['hidden', all, 'channel_not_found'],
  ])('is refused in a channel that is %s', async (state, scopes, error) => {
    stack.slack.setChannel('#field', state);
    stack.slack.setScopes(scopes);
    expect(await examine('#field', true)).toEqual({
      is: 'wrong',
      what: `Slack #field refused the test message: ${error}`,
    });
  });

  it('reaches a public channel without the app with chat:write.public', async () => {
    stack.slack.setChannel('#field', 'left');
    stack.slack.setScopes(['chat:write', 'chat:write.public']);
    expect(await examine('#field', true)).toMatchObject({ is: 'well' });
  });
});

it('a server that answers no JSON is no refusal of the token', async () => {
  const server = createServer((_, response) => response.writeHead(503).end('<html>')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await expect(askService(`http://127.0.0.1:${port}/auth.test`, 'x', {})).rejects.toThrow(
      `127.0.0.1:${port} answered 503 without the JSON of its API`,
    );
  } finally {
    server.close();
  }
});
