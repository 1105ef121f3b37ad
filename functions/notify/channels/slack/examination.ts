import type { AskService, ChannelExamined } from '../descriptor';

interface SlackExam {
  readonly secret: string;
  readonly apiUrl: string;
  readonly channel: string;
  readonly sendTest: boolean;
}

/** Whether the token works; with `sendTest` also whether the channel takes a message, which nothing else tells for sure. */
export async function examineSlack(
  { secret, apiUrl, channel, sendTest }: SlackExam,
  ask: AskService,
): Promise<ChannelExamined> {
  if (/^https?:\/\//.test(secret))
    return {
      is: 'unsure',
      what: 'the secret is a webhook, which can only be tried',
      why: 'A webhook has no threads.',
      mend: 'docs/slack.md',
    };
  const tested = await ask(`${apiUrl}auth.test`, secret, {});
  if (!tested.ok) return { is: 'wrong', what: `Slack refuses the token: ${tested.error ?? 'no reason'}` };
  if (!sendTest) return { is: 'well', what: `the token works; --send-test tries Slack ${channel}` };
  const text = 'Test message of cordon doctor: nothing happened.';
  const sent = await ask(`${apiUrl}chat.postMessage`, secret, { channel, text });
  return sent.ok
    ? { is: 'well', what: `Slack ${channel} took a test message` }
    : { is: 'wrong', what: `Slack ${channel} takes no message: ${sent.error ?? 'no reason'}` };
}
