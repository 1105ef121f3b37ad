/** Asks Slack's Web API at this URL; resolves to its answer. */
export type AskSlack = (
  url: string,
  token: string,
  body: Readonly<Record<string, string>>,
) => Promise<{ readonly ok: boolean; readonly error?: string }>;

interface SlackExam {
  readonly secret: string;
  readonly apiUrl: string;
  readonly channel: string;
  readonly sendTest: boolean;
}

/** Whether the token works; with `sendTest` also whether the channel takes a message, which nothing else tells for sure. */
export async function examineSlack(
  { secret, apiUrl, channel, sendTest }: SlackExam,
  ask: AskSlack,
): Promise<{ readonly is: 'well' | 'unknown' | 'wrong'; readonly what: string }> {
  if (/^https?:\/\//.test(secret))
    return { is: 'unknown', what: 'the secret is a webhook, which can only be tried' };
  const tested = await ask(`${apiUrl}auth.test`, secret, {});
  if (!tested.ok) return { is: 'wrong', what: `Slack refuses the token: ${tested.error ?? 'no reason'}` };
  if (!sendTest) return { is: 'well', what: `the token works; --send-test tries Slack ${channel}` };
  const text = 'Test message of cordon doctor: nothing happened.';
  const sent = await ask(`${apiUrl}chat.postMessage`, secret, { channel, text });
  return sent.ok
    ? { is: 'well', what: `Slack ${channel} took a test message` }
    : { is: 'wrong', what: `Slack ${channel} takes no message: ${sent.error ?? 'no reason'}` };
}
