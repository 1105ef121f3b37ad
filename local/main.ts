import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { TemplateError } from './cloudformation/template';
import { createDevicePolicy, type Device, enrollDevice } from './devices';
import { createFileLog } from './file-log';
import { type Flags, readFlags } from './flags';
import { packageService } from './package-service';
import { createProgress, type Progress } from './progress';
import { type LocalStack, startStack } from './stack';
import { StartError } from './start-error';
import { playStory, type StoryResult } from './story/play';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const stateDirectory = join(root, '.cordon');
const localFile = join(stateDirectory, 'local.json');

interface Running {
  readonly stack: LocalStack;
  readonly clients: { readonly iot: IoTClient; readonly sns: SNSClient; readonly sqs: SQSClient };
  readonly devices: { readonly mything1: Device; readonly mything2: Device };
  readonly ca: string;
}

/** What has been started, to be ended in reverse order. */
type Closers = (() => Promise<unknown> | unknown)[];

async function start(flags: Flags, progress: Progress, closers: Closers): Promise<Running> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  await packageService(root, (what) => progress.show('Sources changed', what));
  const stack = await progress.step('the local stack boots from the packaged template', () =>
    startStack({
      gatewayPort: flags.gatewayPort,
      mqttPort: flags.mqttPort,
      policyCacheSeconds: flags.policyCacheSeconds,
      stateDirectory,
      artifactsDirectory: join(root, '.serverless'),
      log: createFileLog(join(stateDirectory, 'logs', 'local-stack.log')),
    }),
  );
  closers.push(stack.close);
  const settings = {
    endpoint: stack.aws.gateway.url,
    region: stack.identity.region,
    credentials: stack.aws.gateway.operatorCredentials,
  };
  const clients = {
    iot: new IoTClient(settings),
    sns: new SNSClient(settings),
    sqs: new SQSClient(settings),
  };
  closers.push(() => {
    for (const client of Object.values(clients)) client.destroy();
  });
  const ca = join(stateDirectory, 'ca.pem');
  await writeFile(ca, stack.ca.certificatePem);
  const devices = await progress.step(
    'things mything1 and mything2 have certificates and a policy of their own',
    async () => {
      await createDevicePolicy(clients.iot);
      const folder = join(stateDirectory, 'things');
      const mything1 = await enrollDevice('mything1', clients.iot, stack.ca, folder);
      const mything2 = await enrollDevice('mything2', clients.iot, stack.ca, folder);
      return { mything1, mything2 };
    },
  );
  const running = { stack, clients, devices, ca };
  closers.push(() => rm(localFile, { force: true }));
  await writeFile(localFile, JSON.stringify(describe(running, settings), null, 2), { mode: 0o600 });
  return running;
}

/** What a client needs to talk to the stack. */
function describe(
  { stack, devices, ca }: Running,
  settings: { endpoint: string; region: string; credentials: object },
) {
  const files = ({ cert, key }: Device) => ({ cert, key });
  return {
    ...settings,
    accountId: stack.identity.accountId,
    mqtt: { host: stack.broker.host, port: stack.broker.port },
    ca,
    things: { mything1: files(devices.mything1), mything2: files(devices.mything2) },
    console: `${settings.endpoint}/`,
    outputs: stack.deployed.outputs,
    pid: process.pid,
  };
}

function tellWhere({ stack }: Running, progress: Progress): void {
  const { url } = stack.aws.gateway;
  progress.show(
    'The stack stays up; Ctrl-C stops everything',
    [
      `AWS endpoint   ${url} (credentials and the rest: .cordon/local.json)`,
      `MQTT broker    ${stack.broker.host}:${stack.broker.port}, mutual TLS, CA .cordon/ca.pem`,
      `Slack, e-mail  ${url}/`,
      'Operator       npm run cordon -- list | show THING | release THING',
      'Logs           .cordon/logs/',
      'Device Defender security profiles are stored and listed, not evaluated: the cordon detector evaluates.',
    ].join('\n'),
  );
}

function waitForSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

/** `cordon-dev-detect` -> `detect`, in whole milliseconds. */
function nameColdStarts(coldStarts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(coldStarts).map(([name, ms]) => [name.slice(name.lastIndexOf('-') + 1), Math.round(ms)]),
  );
}

async function play(running: Running, progress: Progress): Promise<StoryResult> {
  const { stack, clients, devices, ca } = running;
  const result = await playStory(
    {
      root,
      stateDirectory,
      devices,
      ca,
      clients,
      mqtt: { host: stack.broker.host, port: stack.broker.port },
      announcementsTopicArn: stack.deployed.outputs.AnnouncementsTopicArn ?? '',
      coldStartMs: nameColdStarts(stack.functions.coldStarts()),
      slack: stack.aws.slack.messages,
      mails: stack.aws.mails,
    },
    progress,
  );
  if (result.failed) progress.show('The story did not happen', result.failed);
  return result;
}

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), process.env);
  // With --json the last line of standard output is the result, so that the rest goes beside it.
  const progress = createProgress(flags.json ? process.stderr : process.stdout);
  if (flags.packageOnly) return packageService(root, (what) => progress.show('Sources changed', what));
  const stopping = waitForSignal();
  const closers: Closers = [];
  try {
    await Promise.race([runUntilDone(flags, progress, closers, stopping), stopping]);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

async function runUntilDone(
  flags: Flags,
  progress: Progress,
  closers: Closers,
  stopping: Promise<void>,
): Promise<void> {
  const running = await start(flags, progress, closers);
  const result = flags.story ? await play(running, progress) : undefined;
  if (result?.failed) process.exitCode = 1;
  if (flags.json && result) process.stdout.write(`${JSON.stringify(result)}\n`);
  if (flags.once) return;
  tellWhere(running, progress);
  await stopping;
}

function explain(error: unknown): string {
  if (error instanceof StartError || error instanceof TemplateError) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')
    return `a port is taken (${error.message}): set CORDON_PORT or CORDON_MQTT_PORT to a free one, or leave them out`;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`cordon: ${explain(error)}\n`);
  process.exitCode = 1;
}
