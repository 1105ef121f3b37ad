import type { AskService, ChannelExamined } from '../descriptor';
import { findMembership } from './membership';

interface SlackExam {
  readonly secret: string;
  readonly apiUrl: string;
  readonly channel: string;
  readonly sendTest: boolean;
}

const page = 'docs/deploying.md#slack';

/** Whether the token works and may write into the channel; with `sendTest` also whether the channel accepts a message. */
export async function examineSlack(
  { secret, apiUrl, channel, sendTest }: SlackExam,
  ask: AskService,
): Promise<ChannelExamined | undefined> {
  const isWebhook = /^https?:\/\//.test(secret);
  if (isWebhook && sendTest) return undefined;
  if (isWebhook)
    return {
      is: 'unsure',
      what: 'the secret is a webhook; --send-test tries it',
      why: 'A webhook has no threads.',
      mend: 'docs/slack.md',
    };
  const call = (method: string, body: Readonly<Record<string, string>> = {}) =>
    ask(`${apiUrl}${method}`, secret, body);
  const tested = await call('auth.test');
  if (!tested.ok) return { is: 'wrong', what: `Slack refuses the token: ${tested.error ?? 'no reason'}` };
  const { scopes } = tested;
  if (scopes && !scopes.includes('chat:write'))
    return {
      is: 'wrong',
      what: `the token works, but lacks the scope chat:write to post to Slack ${channel}`,
    };
  if (sendTest) {
    const text = 'Test message of cordon doctor: nothing happened.';
    const sent = await call('chat.postMessage', { channel, text });
    return sent.ok
      ? { is: 'well', what: `Slack ${channel} accepted a test message` }
      : { is: 'wrong', what: `Slack ${channel} refused the test message: ${sent.error ?? 'no reason'}` };
  }
  const membership = await findMembership(channel, call);
  switch (membership.is) {
    case 'member':
      return { is: 'well', what: `the token works, and the app is in Slack ${channel}` };
    case 'archived':
      return { is: 'wrong', what: `Slack ${channel} is archived and accepts no messages` };
    case 'outside':
      if (scopes?.includes('chat:write.public'))
        return {
          is: 'unsure',
          what: `the token works, but the app is not in Slack ${channel}`,
          why: 'Its scope chat:write.public reaches public channels only; --send-test tries this one.',
          mend: page,
        };
      return {
        is: 'wrong',
        what: `the app is not in Slack ${channel}, or there is no such channel: type /invite @YOUR-APP there`,
      };
    case 'untold':
      return {
        is: 'unsure',
        what: `the token works; whether the app is in Slack ${channel} is not known: ${membership.reason}`,
        why: 'Slack accepts no message for a channel that the app is not in; --send-test tries it.',
        mend: page,
      };
  }
}
