import type {
  AskService,
  ChannelExamined,
  ServedDescriptor,
} from '../../../functions/notify/channels/descriptor';
import { canBeTried, tryChannel } from '../../../functions/notify/channels/examination';
import { toPascalCase } from '../../../functions/notify/channels/names';
import type { ChannelName } from '../../../functions/notify/channels/registry';
import type { Check, Finding } from '../finding';

export interface ChannelPort {
  /** A secret by the name of its parameter; nothing where there is none. */
  readSecret(parameter: string): Promise<string | undefined>;
  readonly ask: AskService;
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
  const found = (examined: ChannelExamined): Finding => {
    if (examined.is === 'wrong') return problem(examined.what);
    const { is, ...rest } = examined;
    return { level: is === 'well' ? 'ok' : 'note', about, ...rest };
  };
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
      if (descriptor.examine)
        return [found(await descriptor.examine({ secret, endpoint, section, sendTest }, port.ask))];
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
