import type {
  AskService,
  ChannelExamined,
  ChannelSecret,
  ServedDescriptor,
} from '../../../functions/notify/channels/descriptor';
import { toPascalCase } from '../../../functions/notify/channels/names';
import type { TestAnswer } from '../../../functions/notify/delivery/test-message';
import type { Check, Finding } from '../finding';

export interface ChannelPort {
  /** A secret by the name of its parameter; nothing if there is none. */
  readSecret(parameter: string): Promise<string | undefined>;
  readonly ask: AskService;
  /** Lets the channel's own function send a test message, with its role and secret, and returns its answer. */
  sendTest(functionName: string): Promise<unknown>;
}

/** Whether the secret of a channel is stored, and whether its service accepts it. `readParameters`: those of the stack. */
export function checkChannel(
  { name, functionName }: { readonly name: string; readonly functionName: string },
  descriptor: ServedDescriptor,
  section: unknown,
  readParameters: () => Promise<Readonly<Record<string, string>>>,
  port: ChannelPort,
  sendTest: boolean,
): Check {
  const about = descriptor.title;
  const page = pageOf(descriptor);
  const problem = (what: string): Finding => ({
    level: 'problem',
    about,
    what,
    why: `No case appears in ${about}.`,
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
      // Its function reads the secret itself.
      if (sendTest && !descriptor.examine) return [found(await sendThrough(functionName, port))];
      const parameters = await readParameters();
      const place = descriptor.secret && nameSecret(descriptor.secret, parameters);
      const secret = place === undefined ? '' : await port.readSecret(place);
      if (secret === undefined) return [problem(`there is no secret in ${place}`)];
      const endpoint = parameters[`${toPascalCase(name)}ApiUrl`] ?? descriptor.endpoint?.url ?? '';
      const examined = await descriptor.examine?.({ secret, endpoint, section, sendTest }, port.ask);
      const buttons = await judgeButtons(descriptor, secret, parameters, port);
      if (examined) return [found(examined), ...buttons];
      if (sendTest) return [found(await sendThrough(functionName, port))];
      const what = descriptor.secret ? 'its secret is there' : 'it needs no secret';
      return [{ level: 'ok', about, what: `${what}; --send-test tries it` }];
    },
  };
}

function pageOf({ runbook = 'channels' }: ServedDescriptor): string {
  return `docs/runbooks/${runbook}.md`;
}

/** A webhook of Slack shows no buttons, so that none needs the secret. */
async function judgeButtons(
  descriptor: ServedDescriptor,
  secret: string,
  parameters: Readonly<Record<string, string>>,
  { readSecret }: ChannelPort,
): Promise<Finding[]> {
  const { buttons, title } = descriptor;
  if (!buttons || secret.startsWith('https://')) return [];
  const place = nameSecret(buttons.secret, parameters);
  if ((await readSecret(place)) !== undefined) return [];
  return [
    {
      level: 'note',
      about: title,
      what: `there is no secret in ${place}`,
      why: 'The buttons in Slack refuse everybody. Commands and the console work.',
      mend: pageOf(descriptor),
    },
  ];
}

function nameSecret({ id }: ChannelSecret, parameters: Readonly<Record<string, string>>): string {
  const inManager = parameters[`${id}Secret`];
  return inManager ? `/aws/reference/secretsmanager/${inManager}` : (parameters[`${id}Parameter`] ?? '');
}

async function sendThrough(functionName: string, port: ChannelPort): Promise<ChannelExamined> {
  try {
    const answer = (await port.sendTest(functionName)) as TestAnswer | null;
    if (answer?.refused !== undefined)
      return { is: 'wrong', what: `it refused the test message: ${answer.refused}` };
    if (answer) return { is: 'well', what: 'it accepted a test message and the message that ends it' };
  } catch (error) {
    if (!(error instanceof Error) || !/AccessDenied/.test(error.name)) throw error;
    return {
      is: 'unsure',
      what: `it was not tried: ${error.message}`,
      why: 'With --send-test, the function of the channel sends the message.',
      mend: 'docs/iam/doctor-send-test.json',
    };
  }
  return {
    is: 'unsure',
    what: 'it was not tried: its function is of a version that can’t send a test message',
    why: 'Only a test message shows whether the service accepts one.',
    mend: 'deploy this release',
  };
}
