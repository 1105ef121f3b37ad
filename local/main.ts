import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
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
import { type Closers, emptyResult, playStory, type StoryResult } from './story/play';

const root = join(fileURLToPath(import.meta.url), '..', '..');
const stateDirectory = join(root, '.cordon');
const localFile = join(stateDirectory, 'local.json');

interface Running {
  readonly stack: LocalStack;
  readonly clients: { readonly iot: IoTClient; readonly sns: SNSClient; readonly sqs: SQSClient };
  readonly devices: { readonly mything1: Device; readonly mything2: Device };
  readonly ca: string;
}

async function start(flags: Flags, progress: Progress, closers: Closers): Promise<Running> {
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  await refuseSecondStack();
  await packageService(root, (what) => progress.show('Sources changed', what));
  const stack = await progress.step('the local stack boots from the packaged template', () =>
    startStack({
      gatewayPort: flags.gatewayPort,
      mqttPort: flags.mqttPort,
      policyCacheSeconds: flags.policyCacheSeconds,
      exclusiveBindsGroups: flags.exclusiveBindsGroups,
      detachSeconds: flags.detachSeconds,
      stateDirectory,
      artifactsDirectory: join(root, '.serverless'),
      log: createFileLog(join(stateDirectory, 'logs', 'local-stack.log')),
    }),
  );
  closers.push(stack.close);
  const { accessKeyId, secretAccessKey } = stack.aws.gateway.operatorCredentials;
  const settings = {
    endpoint: stack.aws.gateway.url,
    region: stack.identity.region,
    // A copy for each client, as the SDK writes into what it is given.
    get credentials() {
      return { accessKeyId, secretAccessKey };
    },
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
      const ids = 'application and agent';
      await createDevicePolicy(clients.iot, ids);
      const folder = join(stateDirectory, 'things');
      const mything1 = await enrollDevice('mything1', clients.iot, stack.ca, folder, ids);
      const mything2 = await enrollDevice('mything2', clients.iot, stack.ca, folder, ids);
      return { mything1, mything2 };
    },
  );
  const running = { stack, clients, devices, ca };
  closers.push(() => rm(localFile, { force: true }));
  // Renamed into place, so that whoever waits for the file never reads half of it.
  const draft = `${localFile}.draft`;
  await writeFile(draft, JSON.stringify(describe(running, settings), null, 2), { mode: 0o600 });
  await rename(draft, localFile);
  return running;
}

/** Two stacks in one folder would overwrite each other's files. */
async function refuseSecondStack(): Promise<void> {
  const { pid, endpoint } = await readFile(localFile, 'utf8')
    .then(JSON.parse)
    .catch(() => ({}));
  if (typeof pid === 'number' && isRunning(pid))
    throw new StartError(
      `a local stack runs here already (pid ${pid}, ${endpoint}): stop it first with Ctrl-C`,
    );
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
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
    https: { host: stack.https.host, port: stack.https.port },
    ca,
    things: { mything1: files(devices.mything1), mything2: files(devices.mything2) },
    api: stack.deployed.outputs.ApiUrl,
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
      `HTTP API       ${stack.deployed.outputs.ApiUrl}`,
      `MQTT broker    ${stack.broker.host}:${stack.broker.port}, mutual TLS, CA .cordon/ca.pem`,
      `Devices, HTTPS ${stack.https.host}:${stack.https.port}, mutual TLS: messages, retained, shadows, jobs, credentials`,
      `Slack, e-mail  ${url}/`,
      'Operator       npx cordon list | show THING | release THING',
      'Logs           .cordon/logs/',
      'Device Defender security profiles are stored and listed, not evaluated: the cordon detector evaluates.',
    ].join('\n'),
  );
}

/** A terminal signals the whole group and npm passes it on again: the second must not cut the clean-up short. */
function waitForSignal(): Promise<'stopped'> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => resolve('stopped'));
  });
}

/** `cordon-dev-detect` -> `detect`, in whole milliseconds. */
function nameColdStarts(coldStarts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(coldStarts).map(([name, ms]) => [name.slice(name.lastIndexOf('-') + 1), Math.round(ms)]),
  );
}

async function play(running: Running, progress: Progress, closers: Closers): Promise<StoryResult> {
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
      policyCacheSeconds: stack.policyCacheSeconds,
      coldStartMs: nameColdStarts(stack.functions.coldStarts()),
      slack: stack.aws.slack.messages,
      mails: stack.aws.mails,
    },
    progress,
    closers,
  );
  if (result.failed) progress.show('The story did not happen', result.failed);
  return result;
}

async function main(): Promise<void> {
  const flags = readFlags(process.argv.slice(2), process.env);
  // With --json the last line of standard output is the result, so that the rest goes beside it.
  const progress = createProgress(flags.json ? process.stderr : process.stdout);
  if (flags.packageOnly) return packageService(root, (what) => progress.show('Sources changed', what));
  const closers: Closers = [];
  const stopping = waitForSignal();
  try {
    const outcome = await Promise.race([runUntilDone(flags, progress, closers, stopping), stopping]);
    // Interrupted before the story was through: that is no success.
    if (outcome === 'stopped' && flags.once) process.exitCode = 130;
  } catch (error) {
    if (flags.json) printResult({ ...emptyResult(), failed: `${progress.current()}: ${explain(error)}` });
    throw error;
  } finally {
    await closeAll(closers);
  }
}

/** Last opened is first closed. What can't be closed keeps nothing else from it. */
async function closeAll(closers: Closers): Promise<void> {
  const faults: unknown[] = [];
  for (const close of closers.splice(0).reverse()) {
    try {
      await close();
    } catch (error) {
      faults.push(error);
    }
  }
  if (faults.length === 1) throw faults[0];
  if (faults.length > 1) throw new AggregateError(faults, 'not everything could be stopped');
}

async function runUntilDone(
  flags: Flags,
  progress: Progress,
  closers: Closers,
  stopping: Promise<'stopped'>,
): Promise<'done' | 'stopped'> {
  const running = await start(flags, progress, closers);
  const storyClosers: Closers = [];
  const endStory = () => closeAll(storyClosers);
  // In the list before the story begins, so that Ctrl-C in the middle of it ends its processes too.
  closers.push(endStory);
  if (flags.story) {
    const result = await play(running, progress, storyClosers);
    await endStory();
    if (result.failed) process.exitCode = 1;
    if (flags.json) printResult(result);
  }
  if (flags.once) return 'done';
  tellWhere(running, progress);
  return stopping;
}

function printResult(result: StoryResult): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
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
// Everything is closed; a story that was interrupted may still wait for something that never comes.
process.exit();
