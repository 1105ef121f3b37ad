import type { ChannelSecret } from '../../functions/notify/channels/descriptor';
import { listNamed, listServed } from '../../functions/notify/channels/registry';
import { explainConfiguration } from '../../shared/config/explain';
import { configurationFile, loadConfiguration } from '../../shared/config/load';
import type { Parameters as DeployParameters } from '../../shared/config/parameters';
import { findWarnings } from '../../shared/config/warnings';
import type { Configuration } from '../../shared/domain/configuration';
import { type GroupReader, judgeAdoption } from '../../shared/mitigation/adoption';
import { judgeMove, type MoveReader } from '../../shared/mitigation/adoption-move';
import { type Account, findCollisions, rightsPage } from './collisions';

/** The explanation of the packaged cordon.yml. The file in the checkout may have changed since. */
export interface DescribedFile {
  readonly explanation: string;
  readonly warnings: readonly string[];
  readonly quarantine: Configuration['quarantine'];
  /** The secrets of the channels that it names. */
  readonly secrets: readonly TitledSecret[];
}

interface TitledSecret extends ChannelSecret {
  /** The title of the channel. */
  readonly title: string;
}

interface Deploy extends Account, GroupReader, MoveReader {
  readonly stage: string;
  readonly file: DescribedFile;
  /** Name of the Systems Manager parameter that has a secret; undefined if it is elsewhere. */
  readonly findParameter: (secret: ChannelSecret) => string | undefined;
  /** The environment of a deployed function; undefined if there is none yet. */
  readonly readEnvironment: (functionName: string) => Promise<Readonly<Record<string, string>> | undefined>;
  /** Undefined if nothing is stored. */
  readonly readStored: (parameterName: string) => Promise<string | undefined>;
  /** The template that is about to be deployed. */
  readonly template: Parameters<typeof findCollisions>[0];
  readonly isTableAdopted: boolean;
  readonly notice: (text: string) => void;
}

/** The packaged configuration: the file, with the values that the parameters replace. */
export function describeFile(parameters: DeployParameters): DescribedFile {
  const configuration = loadConfiguration(configurationFile(), parameters);
  return {
    explanation: explainConfiguration(configuration),
    warnings: findWarnings(configuration),
    quarantine: configuration.quarantine,
    secrets: listServed(listNamed(configuration.notify)).flatMap(({ descriptor: { title, secret } }) =>
      secret ? [{ ...secret, title }] : [],
    ),
  };
}

/** Runs before a deploy sends anything to AWS: refuses unsafe deploys, and warns the person who deploys. */
export async function beforeDeploy(deploy: Deploy): Promise<void> {
  const { stage, file, notice, warn } = deploy;
  const environment = await deploy.readEnvironment(`cordon-${stage}-respond`);
  if (environment?.KILL_SWITCH === 'on') await requireKillSwitchKept(deploy);
  await refuseCollisions(deploy);
  await checkAdoption(deploy);
  if (environment === undefined)
    notice(
      `This is what the first deploy of stage ${stage} does (cordon check prints the same):\n\n` +
        `${file.explanation}\n\n` +
        'To only observe at first, stop here, set mode: observe in each playbook, and deploy again.\n',
    );
  for (const warning of file.warnings) warn(warning);
  for (const secret of file.secrets) await warnOfMissing(secret, deploy);
}

/** For other errors than its own, osls prints a stack, which would push the reasons off the screen. */
function refusal(text: string): Error {
  const error = new Error(text);
  error.stack = `\n${text}`;
  return error;
}

async function checkAdoption(deploy: Deploy): Promise<void> {
  const { stage, file, warn } = deploy;
  const { refusals, notices } = await judgeAdoption(file.quarantine, `cordon-${stage}`, deploy);
  const all = [...refusals, ...(await findMove(deploy))];
  if (all.length > 0) throw refusal(`nothing was changed: ${all.join('\n')}`);
  for (const notice of notices) warn(notice);
}

async function findMove(deploy: Deploy): Promise<readonly string[]> {
  const { stage, file, warn } = deploy;
  try {
    return await judgeMove(file.quarantine, `cordon-${stage}`, deploy);
  } catch (error) {
    // Only a check: the person who deploys may lack the right, and the stack itself refuses.
    warn(
      `could not check whether things are still in a quarantine group or under a deny policy that this deploy gives up: ${String(error)} (${rightsPage})`,
    );
    return [];
  }
}

/**
 * Names at which CloudFormation would fail in the middle of a deploy, or take over resources that are not the stack's.
 */
async function refuseCollisions({ stage, template, isTableAdopted, ...account }: Deploy): Promise<void> {
  const found = await findCollisions(template, isTableAdopted, account);
  if (found.length === 0) return;
  throw refusal(
    `nothing was changed: this deploy of stage ${stage} would create names that the account already has outside the stack:\n${found.join('\n')}`,
  );
}

/**
 * Earlier versions had the kill switch in the environment of `respond`, by a parameter of the deploy or by hand. A deploy
 * removes it there. If it was on, an administrator must first store its new state.
 */
async function requireKillSwitchKept({ stage, readStored }: Deploy): Promise<void> {
  if ((await readStored(`/cordon-${stage}/kill-switch`)) !== undefined) return;
  const turn = (state: 'on' | 'off') => `cordon --aws --stage ${stage} kill-switch ${state}`;
  throw refusal(
    `the kill switch of stage ${stage} is on in the deployed version, and this deploy would turn it off: ` +
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
    // Only a check: the person who deploys may lack the right.
    warn(`could not check whether ${what} is stored at ${parameter}: ${String(error)} (${rightsPage})`);
  }
}
