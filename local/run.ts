import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientSettings } from './aws/gateway/client-settings';
import { claimFolder } from './claim-folder';
import { Closers } from './closers';
import { createDevicePolicy, type Device, enrollDevice } from './devices';
import { createFileLog } from './file-log';
import type { Flags } from './flags';
import { packageService } from './package-service';
import type { Progress } from './progress';
import { type LocalStack, startStack } from './stack';
import { playStory } from './story/play';
import type { ResultLine, StoryResult } from './story/result';

interface Running {
  readonly stack: LocalStack;
  readonly clients: { readonly iot: IoTClient; readonly sns: SNSClient; readonly sqs: SQSClient };
  readonly devices: { readonly mything1: Device; readonly mything2: Device };
  readonly ca: string;
}

async function start(root: string, flags: Flags, progress: Progress, closers: Closers): Promise<Running> {
  const stateDirectory = join(root, '.cordon');
  const localFile = join(stateDirectory, 'local.json');
  await mkdir(stateDirectory, { recursive: true, mode: 0o700 });
  closers.push(await claimFolder(stateDirectory, localFile));
  await packageService(root, (what) => progress.show('Preparing', what));
  const booting = progress.step('the local stack boots from the packaged template', () =>
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
  // The list has this before the stack is up, so that Ctrl-C meanwhile closes it as well.
  closers.push(async () => (await booting.catch(() => undefined))?.close());
  const stack = await booting;
  const { accessKeyId, secretAccessKey } = stack.aws.gateway.operatorCredentials;
  const settings = {
    endpoint: stack.aws.gateway.url,
    region: stack.identity.region,
    credentials: { accessKeyId, secretAccessKey },
  };
  const settingsOf = (service: string) => clientSettings(stack.aws.gateway, stack.identity.region, service);
  const clients = {
    iot: new IoTClient(settingsOf('iot')),
    sns: new SNSClient(settingsOf('sns')),
    sqs: new SQSClient(settingsOf('sqs')),
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
  // Renamed into place, so that a waiting process never reads half of the file.
  const draft = `${localFile}.draft`;
  await writeFile(draft, JSON.stringify(describe(running, settings), null, 2), { mode: 0o600 });
  await rename(draft, localFile);
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
    https: { host: stack.https.host, port: stack.https.port },
    ca,
    things: { mything1: files(devices.mything1), mything2: files(devices.mything2) },
    api: stack.deployed.outputs.ApiUrl,
    console: `${settings.endpoint}/console/`,
    outputs: stack.deployed.outputs,
    pid: process.pid,
  };
}

function showAddresses({ stack }: Running, progress: Progress): void {
  const { url } = stack.aws.gateway;
  progress.show(
    'The stack stays up; Ctrl-C stops everything',
    [
      `AWS endpoint   ${url} (credentials and the rest: .cordon/local.json)`,
      `HTTP API       ${stack.deployed.outputs.ApiUrl}`,
      `MQTT broker    ${stack.broker.host}:${stack.broker.port}, mutual TLS, CA .cordon/ca.pem`,
      `Devices, HTTPS ${stack.https.host}:${stack.https.port}, mutual TLS: messages, retained, shadows, jobs, credentials`,
      `Console        ${url}/console/ (Slack and e-mail too)`,
      'Operator       npx cordon list | show THING | release THING',
      'Logs           .cordon/logs/',
      'Device Defender security profiles are stored and listed, not evaluated: the cordon detector evaluates.',
    ].join('\n'),
  );
}

/** `cordon-dev-detect` -> `detect`, in whole milliseconds. */
function nameColdStarts(coldStarts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(coldStarts).map(([name, ms]) => [name.slice(name.lastIndexOf('-') + 1), Math.round(ms)]),
  );
}

async function play(
  root: string,
  running: Running,
  progress: Progress,
  result: StoryResult,
  closers: Closers,
): Promise<void> {
  const { stack, clients, devices, ca } = running;
  await playStory(
    {
      root,
      stateDirectory: join(root, '.cordon'),
      devices,
      ca,
      clients,
      mqtt: { host: stack.broker.host, port: stack.broker.port },
      announcementsTopicArn: stack.deployed.outputs.AnnouncementsTopicArn ?? '',
      policyCacheSeconds: stack.policyCacheSeconds,
      coldStartMs: nameColdStarts(stack.functions.coldStarts()),
      sweep: () => stack.functions.invoke(`${stack.deployed.outputs.TableName}-sweep`, {}),
      slack: stack.aws.slack.messages,
      mails: stack.aws.mails,
    },
    progress,
    result,
    closers,
  );
  if (result.failed)
    progress.show(
      'The story did not happen',
      `${result.failed}\n.cordon/logs/ has the log of the stack and of each function.`,
    );
}

/**
 * Boots the stack, plays the story if the flags ask for it, and ends with `once`; else the stack stays up. `line` says
 * how far the story came.
 */
export async function runUntilDone(
  root: string,
  flags: Flags,
  progress: Progress,
  line: ResultLine,
  closers: Closers,
  stopping: Promise<unknown>,
): Promise<void> {
  let isStopping = false;
  void stopping.then(() => {
    isStopping = true;
  });
  const running = await start(root, flags, progress, closers);
  const storyClosers = new Closers();
  const endStory = () => storyClosers.closeAll();
  // The list has this before the story begins, so that Ctrl-C in the middle of the story ends its processes too.
  closers.push(endStory);
  if (flags.story) {
    await play(root, running, progress, line.result, storyClosers);
    await endStory();
    // If something is closed meanwhile, the story fails.
    if (isStopping) return;
    if (line.result.failed) process.exitCode = 1;
    line.write();
  }
  if (flags.once) return;
  showAddresses(running, progress);
  await stopping;
}
