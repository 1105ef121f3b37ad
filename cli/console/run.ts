import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { RefusedError, UnreachableError } from '../cli-error';
import type { Target } from '../target';
import { connectApi } from './api';
import { readConsole } from './files';
import { startConsole } from './server';

export interface ConsoleFlags {
  readonly port: number;
  readonly api?: string;
}

interface ConsolePorts {
  readonly version: string;
  readonly say: (text: string) => void;
  readonly sayAside: (text: string) => void;
}

/** Serves the console until it is stopped. */
export async function runConsole(
  { stage, name, settings }: Pick<Target, 'stage' | 'name' | 'settings'>,
  { port, api }: ConsoleFlags,
  { version, say, sayAside }: ConsolePorts,
): Promise<void> {
  const files = readConsole(folders());
  const cloudFormation = new CloudFormationClient(settings);
  const { region, credentials } = cloudFormation.config;
  const apiUrl = api ?? (await findApiUrl(stage, cloudFormation));
  const server = await startConsole({
    files,
    api: connectApi(
      apiUrl,
      async () => region(),
      async () => credentials(),
    ),
    about: { version, where: name },
    port,
  });
  say(server.issueLink());
  sayAside('Open this link; it works once. Enter prints another one, Ctrl-C ends the console.');
  await untilStopped(() => say(server.issueLink()));
  await server.close();
}

/** Beside the bundle in a checkout, and in the package. */
function folders(): string[] {
  const here = import.meta.dirname;
  return [join(here, '..', '..', 'console'), join(here, '..', 'console')];
}

export async function findApiUrl(stage: string, client: CloudFormationClient): Promise<string> {
  const { Stacks: [stack] = [] } = await client
    .send(new DescribeStacksCommand({ StackName: `cordon-${stage}` }))
    .catch(refuseMissing);
  const output = (name: string) => stack?.Outputs?.find(({ OutputKey }) => OutputKey === name)?.OutputValue;
  const issuer = stack?.Parameters?.find(({ ParameterKey }) => ParameterKey === 'OidcIssuer')?.ParameterValue;
  if (issuer)
    throw new RefusedError(
      `the API of stage ${stage} takes tokens of ${issuer} and no AWS credentials: open ${output('ConsoleUrl') ?? 'its console'} and sign in there`,
    );
  const url = output('ApiUrl');
  if (url) return url;
  throw new UnreachableError(
    `stage ${stage} is not deployed there: check --stage and AWS_REGION, or give --api`,
  );
}

/** How CloudFormation says that there is none. */
function refuseMissing(error: unknown): { Stacks?: never[] } {
  if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message))
    return {};
  throw error;
}

async function untilStopped(onEnter: () => void): Promise<void> {
  const lines = process.stdin.isTTY ? createInterface({ input: process.stdin }) : undefined;
  lines?.on('line', onEnter);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => resolve());
    lines?.on('close', () => resolve());
  });
  lines?.close();
}
