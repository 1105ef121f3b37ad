import { type ChannelPort, checkChannel } from '../../../cli/doctor/checks/channel';
import type { Finding } from '../../../cli/doctor/finding';
import type { ServedDescriptor } from '../../../functions/notify/channels/descriptor';
import { eventbridge } from '../../../functions/notify/channels/eventbridge/descriptor';
import { slack } from '../../../functions/notify/channels/slack/descriptor';
import { teams } from '../../../functions/notify/channels/teams/descriptor';
import { webhook } from '../../../functions/notify/channels/webhook/descriptor';
import { first } from './run-checks';

describe('the check of Slack', () => {
  const ask = (answers: Readonly<Record<string, { ok: boolean; error?: string }>>) => async (url: string) =>
    answers[url.slice(url.lastIndexOf('/') + 1)] ?? { ok: false, error: 'unknown_method' };
  it.each([
    ['no token', undefined, {}, false, 'problem', 'there is no secret in /p/slack'],
    [
      'a token that Slack refuses',
      'xoxb-1',
      { 'auth.test': { ok: false, error: 'token_revoked' } },
      false,
      'problem',
      'Slack refuses the token: token_revoked',
    ],
    [
      'a token that works, for a channel that the app is in',
      'xoxb-1',
      {
        'auth.test': { ok: true, scopes: ['chat:write'] },
        'users.conversations': { ok: true, channels: [{ name: 'c' }] },
      },
      false,
      'ok',
      'the token works, and the app is in Slack #c',
    ],
    [
      'a channel that it is not in',
      'xoxb-1',
      { 'auth.test': { ok: true }, 'chat.postMessage': { ok: false, error: 'not_in_channel' } },
      true,
      'problem',
      'Slack #c refused the test message: not_in_channel',
    ],
    [
      'a webhook',
      'https://hooks.slack.com/services/x',
      {},
      false,
      'note',
      'the secret is a webhook; --send-test tries it',
    ],
    [
      'that a webhook takes a message',
      'https://hooks.slack.com/services/x',
      {},
      true,
      'ok',
      'it accepted a test message and the message that ends it',
    ],
  ])('finds %s', async (_, secret, answers, sendTest, level, what) => {
    const port = { readSecret: async () => secret, ask: ask(answers as never), sendTest: async () => ({}) };
    const parameters = async () => ({
      SlackTokenParameter: '/p/slack',
      SlackApiUrl: 'https://slack.com/api/',
    });
    expect(
      await first(
        checkChannel(
          { name: 'slack', functionName: 'cordon-dev-notify' },
          slack,
          { channel: '#c' },
          parameters,
          port,
          sendTest,
        ),
      ),
    ).toMatchObject([{ level, what }]);
  });
});

describe('the check of any other channel', () => {
  const named = { name: 'teams', functionName: 'cordon-dev-notify-teams' };
  const stored = async () => ({ TeamsWorkflowParameter: '/p', WebhookSecret: 'team/hook' });
  const port = (answer: unknown = {}): ChannelPort => ({
    readSecret: async (name) => (name === '/p' ? 'rope' : undefined),
    ask: async () => ({ ok: true }),
    sendTest: async (functionName) => {
      if (answer instanceof Error) throw answer;
      return functionName === named.functionName ? answer : undefined;
    },
  });

  it('asks as the descriptor says, whatever the channel is called', async () => {
    const examined = { is: 'unsure', what: 'half there', why: 'a reason', mend: 'docs/bell.md' } as const;
    const bell = { ...teams, title: 'Bell', examine: async () => examined };

    const { is: _, ...told } = examined;
    expect(await first(checkChannel(named, bell, {}, stored, port(), true))).toEqual([
      { level: 'note', about: 'Bell', ...told },
    ]);
  });

  const denied = Object.assign(new Error('lambda:InvokeFunction is denied'), {
    name: 'AccessDeniedException',
  });
  it.each<[what: string, answer: unknown, sendTest: boolean, level: Finding['level'], told: RegExp]>([
    ['leaves it alone unless asked', {}, false, 'ok', /^its secret is there; --send-test tries it$/],
    [
      'has its function send a test message',
      {},
      true,
      'ok',
      /^it accepted a test message and the message that ends it$/,
    ],
    [
      'says what the service refuses',
      { refused: '400 no' },
      true,
      'problem',
      /^it refused the test message: 400 no$/,
    ],
    ['knows a function of an earlier release', null, true, 'note', /version that can’t send a test message/],
    [
      'names the right that is missing',
      denied,
      true,
      'note',
      /^it was not tried: lambda:InvokeFunction is denied/,
    ],
  ])('%s', async (_, answer, sendTest, level, told) => {
    expect(await first(checkChannel(named, teams, {}, stored, port(answer), sendTest))).toMatchObject([
      { level, about: 'Teams', what: expect.stringMatching(told) },
    ]);
  });

  it('says where a secret should be, in Parameter Store or in Secrets Manager', async () => {
    const check = (...[name, descriptor]: [string, ServedDescriptor]) =>
      first(checkChannel({ ...named, name }, descriptor, {}, stored, port(), false));

    expect(await check('webhook', webhook as ServedDescriptor)).toMatchObject([
      { level: 'problem', what: 'there is no secret in /aws/reference/secretsmanager/team/hook' },
    ]);
    expect(await check('teams', teams as ServedDescriptor)).toMatchObject([{ level: 'ok' }]);
  });

  it('reads no secret if the function of the channel tries it', async () => {
    const unread = { ...port(), readSecret: async () => Promise.reject(new Error('read')) };

    expect(await first(checkChannel(named, teams, {}, stored, unread, true))).toMatchObject([
      { level: 'ok' },
    ]);
  });

  it('tries a channel that needs no secret', async () => {
    const check = (sendTest: boolean) =>
      first(checkChannel(named, eventbridge as ServedDescriptor, {}, stored, port(), sendTest));

    expect(await check(false)).toMatchObject([{ what: 'it needs no secret; --send-test tries it' }]);
    expect(await check(true)).toMatchObject([
      { what: 'it accepted a test message and the message that ends it' },
    ]);
  });
});
