import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { RefusedError, UnreachableError } from '../cli-error';
import { describeMissingStage } from '../describe-missing-stage';
import type { Target } from '../target';
import { type Api, connectApi } from './api';
import { readConsole } from './files';
import { startConsole } from './server';

export interface ConsoleFlags {
  readonly port: number;
  readonly api?: string;
}

type Stack = Pick<Target, 'stage' | 'name' | 'settings' | 'isLocal'>;

interface ConsolePorts {
  readonly version: string;
  /** Looks for the stack again, silently. */
  readonly findAgain: () => Promise<Stack>;
  readonly say: (text: string) => void;
  readonly sayAside: (text: string) => void;
}

/** Serves the console until it is stopped. */
export async function runConsole(
  target: Stack,
  { port, api }: ConsoleFlags,
  { version, findAgain, say, sayAside }: ConsolePorts,
): Promise<void> {
  const files = readConsole(folders());
  let first: Api | undefined = await findApi(target, api);
  const find = async () => {
    const known = first;
    first = undefined;
    if (known) return known;
    const again = await findAgain();
    // A console that was opened for a local stack must not continue with an AWS account.
    if (again.isLocal !== target.isLocal)
      throw new UnreachableError('the local stack has stopped: start it again with npm start');
    return findApi(again, api);
  };
  const about = { version, where: target.name };
  const server = await startConsole({ files, api: connectApi(find), about, port });
  say(server.issueLink());
  sayAside('Open this link; it works once. Enter prints another one, Ctrl-C ends the console.');
  await untilStopped(() => say(server.issueLink()));
  await server.close();
}

async function findApi({ stage, settings, isLocal }: Stack, url?: string): Promise<Api> {
  const client = new CloudFormationClient(settings);
  const { region, credentials } = client.config;
  return {
    url: url ?? (await findApiUrl(stage, client, isLocal)),
    region: async () => region(),
    credentials: async () => credentials(),
  };
}

/** Where the page may be: in a checkout, or in the package. */
function folders(): string[] {
  const here = import.meta.dirname;
  return [join(here, '..', '..', 'console'), join(here, '..', 'console')];
}

export async function findApiUrl(
  stage: string,
  client: CloudFormationClient,
  isLocal = false,
): Promise<string> {
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
    describeMissingStage({ stage, isLocal }, `no API of a stack cordon-${stage}`, ', or give --api'),
  );
}

/** This is how CloudFormation reports a missing stack. */
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
