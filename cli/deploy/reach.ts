import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { promptCalls } from '../calls';
import { requireContent } from '../describe-error';
import { exitCodes } from '../exit-codes';
import { readFault } from '../faults';

/** The variables that give osls a proxy or certificates, which the clients of the command do not use. */
const waysOfOsls = [
  ...['proxy', 'HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy'],
  ...['ca', 'HTTPS_CA', 'https_ca', 'cafile', 'HTTPS_CAFILE', 'https_cafile'],
];

/**
 * Throws within seconds, with the error of the other commands, if CloudFormation does not answer or refuses the caller.
 * osls would wait for minutes and print the errors of its libraries.
 */
export async function reachCloudFormation(
  stage: string,
  region: string,
  env: NodeJS.ProcessEnv,
  settings: object = promptCalls(),
): Promise<void> {
  if (waysOfOsls.some((name) => env[name])) return;
  const client = new CloudFormationClient({ ...settings, region });
  try {
    const answer = await client.send(new DescribeStacksCommand({ StackName: `cordon-${stage}` }));
    requireContent(answer.Stacks, answer);
  } catch (error) {
    const { exitCode } = readFault(error, { stage, isLocal: false, aws: true }, env);
    // Anything else, also that there is no stack yet, is for osls.
    if (exitCode === exitCodes.unreachable || exitCode === exitCodes.refused) throw error;
  } finally {
    client.destroy();
  }
}
