import type { ChannelSecret } from '../functions/notify/channels/descriptor';
import { listNamed, listServed } from '../functions/notify/channels/registry';
import { explainConfiguration } from '../shared/config/explain';
import { configurationFile, loadConfiguration } from '../shared/config/load';
import type { Parameters } from '../shared/config/parameters';
import { findWarnings } from '../shared/config/warnings';

/** What the packaged cordon.yml says, in words. The file of the checkout may be another by the time of the deploy. */
export interface DescribedFile {
  readonly explanation: string;
  readonly warnings: readonly string[];
  /** Of the channels that it names. */
  readonly secrets: readonly TitledSecret[];
}

interface TitledSecret extends ChannelSecret {
  /** Of the channel. */
  readonly title: string;
}

interface Deploy {
  readonly stage: string;
  readonly file: DescribedFile;
  /** Name of the parameter of Systems Manager that has a secret; undefined: it is elsewhere. */
  readonly findParameter: (secret: ChannelSecret) => string | undefined;
  /** The environment of a deployed function; undefined where there is none yet. */
  readonly readEnvironment: (functionName: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Undefined where nothing is stored. */
  readonly readStored: (parameterName: string) => Promise<string | undefined>;
  readonly notice: (text: string) => void;
  readonly warn: (text: string) => void;
}

/** As it is packaged: the file with what the parameters say in its place. */
export function describeFile(parameters: Parameters): DescribedFile {
  const configuration = loadConfiguration(configurationFile(), parameters);
  return {
    explanation: explainConfiguration(configuration),
    warnings: findWarnings(configuration),
    secrets: listServed(listNamed(configuration.notify)).flatMap(({ descriptor: { title, secret } }) =>
      secret ? [{ ...secret, title }] : [],
    ),
  };
}

/** Before anything is sent to AWS: what a deploy must not do, and what whoever deploys should know. */
export async function beforeDeploy(deploy: Deploy): Promise<void> {
  const { stage, file, notice, warn } = deploy;
  const environment = await deploy.readEnvironment(`cordon-${stage}-respond`);
  if (environment?.KILL_SWITCH === 'on') await requireKillSwitchKept(deploy);
  if (environment === undefined)
    notice(
      `What this first deploy of stage ${stage} will do to whom (cordon check says the same):\n\n` +
        `${file.explanation}\n\n` +
        'To begin with looking only: stop here, set mode: observe in each playbook, and deploy again.\n',
    );
  for (const warning of file.warnings) warn(warning);
  for (const secret of file.secrets) await warnOfMissing(secret, deploy);
}

/**
 * Earlier versions had the kill switch in the environment of `respond`, by a parameter of the deploy or by hand. A deploy
 * takes it away there: where it was on, somebody must have said what it is from now on.
 */
async function requireKillSwitchKept({ stage, readStored }: Deploy): Promise<void> {
  if ((await readStored(`/cordon-${stage}/kill-switch`)) !== undefined) return;
  const turn = (state: 'on' | 'off') => `cordon --aws --stage ${stage} kill-switch ${state}`;
  throw new Error(
    `the kill switch of stage ${stage} is on, as the version that is deployed there has it, and this deploy would turn it off: ` +
      `run ${turn('on')} to keep it on, or ${turn('off')}, and deploy again`,
  );
}

async function warnOfMissing(
  secret: TitledSecret,
  { findParameter, readStored, warn }: Deploy,
): Promise<void> {
  const { title, what, example } = secret;
  const parameter = findParameter(secret);
  if (parameter === undefined) return;
  try {
    if ((await readStored(parameter)) !== undefined) return;
    warn(
      `${title} receives nothing until ${what} is stored: aws ssm put-parameter --name ${parameter} --type SecureString --value ${example}`,
    );
  } catch (error) {
    // Only a look: who deploys need not have the right.
    warn(`whether ${what} is stored at ${parameter} could not be seen: ${String(error)}`);
  }
}
