import type { ServedDescriptor } from '../../../functions/notify/channels/descriptor';
import { canBeTried, tryChannel } from '../../../functions/notify/channels/examination';
import { toPascalCase } from '../../../functions/notify/channels/names';
import type { ChannelName } from '../../../functions/notify/channels/registry';
import { type AskSlack, examineSlack } from '../../../functions/notify/channels/slack/examination';
import type { Check, Finding } from '../finding';

export interface ChannelPort {
  /** A secret by the name of its parameter; nothing where there is none. */
  readSecret(parameter: string): Promise<string | undefined>;
  readonly ask: AskSlack;
}

/** Whether the secret of a channel is there, and whether its service takes it. `readParameters`: those of the stack. */
export function checkChannel(
  name: ChannelName,
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
      const endpoint = parameters[`${toPascalCase(name)}ApiUrl`] ?? descriptor.endpoint?.url ?? '';
      if (name === 'slack') {
        const channel = descriptor.listTold(section).join(', ').slice('Slack '.length);
        const { is, what } = await examineSlack({ secret, apiUrl: endpoint, channel, sendTest }, port.ask);
        if (is === 'wrong') return [problem(what)];
        return is === 'well'
          ? [{ level: 'ok', about, what }]
          : [{ level: 'note', about, what, why: 'A webhook has no threads.', mend: 'docs/slack.md' }];
      }
      if (!sendTest || !canBeTried(name))
        return [
          {
            level: 'ok',
            about,
            what: `its secret is there${canBeTried(name) ? '; --send-test tries it' : ''}`,
          },
        ];
      const refusal = await tryChannel(name, { secret, endpoint, section }, Date.now());
      return refusal === undefined
        ? [{ level: 'ok', about, what: 'it took a test message and its end' }]
        : [problem(`it takes no message: ${refusal}`)];
    },
  };
}
