import type { ServedDescriptor } from '../../../functions/notify/channels/descriptor';
import { toPascalCase } from '../../../functions/notify/channels/names';
import type { Check, Finding } from '../finding';

export interface ChannelPort {
  /** A secret by the name of its parameter; nothing where there is none. */
  readSecret(parameter: string): Promise<string | undefined>;
  /** Asks Slack's Web API at this URL; resolves to its answer. */
  ask(url: string, token: string, body: Readonly<Record<string, string>>): Promise<SlackAnswer>;
}

interface SlackAnswer {
  readonly ok: boolean;
  readonly error?: string;
}

/** Whether the secret of a channel is there, and whether its service takes it. `readParameters`: those of the stack. */
export function checkChannel(
  name: string,
  descriptor: ServedDescriptor,
  section: unknown,
  readParameters: () => Promise<Readonly<Record<string, string>>>,
  port: ChannelPort,
  sendTest: boolean,
): Check {
  const about = descriptor.title;
  const page = `docs/runbooks/${descriptor.runbook ?? 'channels'}.md`;
  const problem = (what: string): Finding => ({
    level: 'problem',
    about,
    what,
    why: `Nobody hears of a case in ${about}.`,
    mend: page,
  });
  return {
    about,
    async run(): Promise<Finding[]> {
      if (!descriptor.secret) return [{ level: 'ok', about, what: 'it needs no secret' }];
      const parameters = await readParameters();
      const inManager = parameters[`${descriptor.secret.id}Secret`];
      const parameter = inManager
        ? `/aws/reference/secretsmanager/${inManager}`
        : (parameters[`${descriptor.secret.id}Parameter`] ?? '');
      const secret = await port.readSecret(parameter);
      if (secret === undefined) return [problem(`there is no secret in ${parameter}`)];
      if (name !== 'slack') return [{ level: 'ok', about, what: 'its secret is there' }];
      const apiUrl = parameters[`${toPascalCase(name)}ApiUrl`] ?? '';
      return examineSlack(secret, apiUrl, descriptor.listTold(section).join(', '), {
        problem,
        about,
        port,
        sendTest,
      });
    },
  };
}

interface SlackExam {
  readonly about: string;
  readonly problem: (what: string) => Finding;
  readonly port: ChannelPort;
  readonly sendTest: boolean;
}

/** With `sendTest` also whether the channel takes a message, which nothing else tells for sure. */
async function examineSlack(
  secret: string,
  apiUrl: string,
  told: string,
  { about, problem, port, sendTest }: SlackExam,
): Promise<Finding[]> {
  if (/^https?:\/\//.test(secret))
    return [
      {
        level: 'note',
        about,
        what: 'the secret is a webhook, which can only be tried',
        why: 'A webhook has no threads.',
        mend: 'docs/slack.md',
      },
    ];
  const tested = await port.ask(`${apiUrl}auth.test`, secret, {});
  if (!tested.ok) return [problem(`Slack refuses the token: ${tested.error ?? 'no reason'}`)];
  if (!sendTest) return [{ level: 'ok', about, what: `the token works; --send-test tries ${told}` }];
  const channel = told.slice('Slack '.length);
  const text = 'Test message of cordon doctor: nothing happened.';
  const sent = await port.ask(`${apiUrl}chat.postMessage`, secret, { channel, text });
  return sent.ok
    ? [{ level: 'ok', about, what: `${told} took a test message` }]
    : [problem(`${told} takes no message: ${sent.error ?? 'no reason'}`)];
}
