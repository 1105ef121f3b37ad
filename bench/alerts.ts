import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { PublishCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { createDevicePolicy, enrollDevice } from '../local/devices';
import { type LocalStack, startStack } from '../local/stack';
import { connectTable } from '../shared/aws/table';

/*
 * Alerts through the packaged functions on the local stack.
 *   npm run bench                                     20 alerts a second, 200 things
 *   npm run bench -- --storm                          10,000 alerts, 1,000 things, 20 % repeated, shuffled, 10 % throttled
 * The baseline of the same run is the way of an alert from SNS to a queue of its own: what no response can beat.
 */
const { values: flags } = parseArgs({
  options: {
    things: { type: 'string' },
    rate: { type: 'string', default: '20' },
    storm: { type: 'boolean', default: false },
  },
});
const things = Number(flags.things ?? (flags.storm ? 1_000 : 200));
const alertsPerThing = flags.storm ? 8 : 1;
const repeated = 0.25;

interface Clients {
  readonly iot: IoTClient;
  readonly sns: SNSClient;
  readonly sqs: SQSClient;
  readonly cases: ReturnType<typeof connectTable>['cases'];
}

const say = (text: string) => process.stdout.write(`${text}\n`);

function packageService(folder: string): void {
  const args = [join('scripts', 'package-variant.mjs'), join('bench', 'storm.yml'), folder];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) throw new Error('sls package failed');
}

function anAlert(thingName: string, occurredAt: number, violationId: string): string {
  return JSON.stringify({
    violationEventTime: occurredAt,
    thingName,
    behavior: {
      name: 'no-child-processes',
      metric: 'num_child_procs_myapp',
      criteria: { comparisonOperator: 'less-than-equals', value: { number: 0 } },
    },
    violationEventType: 'in-alarm',
    metricValue: { number: 1 },
    violationId,
    securityProfileName: 'myapp-processes',
  });
}

/** Takes every message of a topic through a queue of its own, as any subscriber would. */
async function listen(
  { sns, sqs }: Clients,
  topicArn: string,
  signal: AbortSignal,
  take: (message: string) => void,
): Promise<void> {
  const QueueName = `bench-${topicArn.slice(topicArn.lastIndexOf(':') + 1)}`;
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName }));
  const Endpoint = topicArn.replace(':sns:', ':sqs:').replace(/[^:]+$/, QueueName);
  await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn,
      Protocol: 'sqs',
      Endpoint,
      Attributes: { RawMessageDelivery: 'true' },
    }),
  );
  const receive = async () => {
    while (!signal.aborted) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20, MaxNumberOfMessages: 10 }),
        { abortSignal: signal },
      );
      for (const { Body = '' } of Messages) take(Body);
      const Entries = Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
      if (Entries.length > 0) await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  };
  receive().catch(() => undefined);
}

const names = Array.from({ length: things }, (_, index) => `bench${index}`);

async function enrollAll(stack: LocalStack, iot: IoTClient, folder: string): Promise<void> {
  await createDevicePolicy(iot);
  for (const name of names) await enrollDevice(name, iot, stack.ca, folder);
}

/** Publishes every alert and returns when each thing's first alert went out. */
async function publishAll({ sns }: Clients, TopicArn: string): Promise<Map<string, number>> {
  const first = new Map<string, number>();
  const base = Date.now();
  const distinct = names.flatMap((name) =>
    Array.from({ length: alertsPerThing }, (_, index) => ({
      name,
      alert: anAlert(name, base + index, `${name}-${index}`),
    })),
  );
  const again = flags.storm ? distinct.filter((_, index) => index % Math.round(1 / repeated) === 0) : [];
  const all = flags.storm ? [...distinct, ...again].sort(() => Math.random() - 0.5) : distinct;
  const gapMs = flags.storm ? 0 : 1_000 / Number(flags.rate);
  for (const [index, { name, alert }] of all.entries()) {
    if (!first.has(name)) first.set(name, Date.now());
    await sns.send(new PublishCommand({ TopicArn, Message: alert }));
    if (index % 1_000 === 999) say(`${index + 1} of ${all.length} alerts published`);
    if (gapMs > 0) await delay(Math.max(0, base + (index + 1) * gapMs - Date.now()));
  }
  say(`${all.length} alerts published in ${Date.now() - base} ms`);
  return first;
}

async function waitForAll(contained: ReadonlyMap<string, number>): Promise<void> {
  const deadline = Date.now() + 20 * 60_000;
  while (contained.size < things) {
    if (Date.now() > deadline)
      throw new Error(`only ${contained.size} of ${things} things are contained after 20 minutes`);
    await delay(100);
  }
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function tell(what: string, values: readonly number[]): void {
  say(
    `${what}: p50 ${percentile(values, 0.5)} ms, p99 ${percentile(values, 0.99)} ms, max ${Math.max(...values)} ms`,
  );
}

const folder = await mkdtemp(join(tmpdir(), 'cordon-bench-'));
const abort = new AbortController();
const ids: string[] = [];
let stack: LocalStack | undefined;
try {
  packageService(join(folder, 'package'));
  stack = await startStack({
    gatewayPort: 0,
    mqttPort: 0,
    policyCacheSeconds: 0,
    stateDirectory: folder,
    artifactsDirectory: join(folder, 'package'),
    log: { info: () => undefined, warn: () => undefined },
  });
  const { gateway } = stack.aws;
  const settings = { endpoint: gateway.url, region: 'us-east-1', credentials: gateway.operatorCredentials };
  const clients: Clients = {
    iot: new IoTClient(settings),
    sns: new SNSClient(settings),
    sqs: new SQSClient(settings),
    cases: connectTable('cordon-dev', new DynamoDBClient(settings)).cases,
  };
  const topicArn = stack.deployed.outputs.AlertsTopicArn ?? '';
  await enrollAll(stack, clients.iot, join(folder, 'things'));
  const baseline = new Map<string, number>();
  await listen(clients, topicArn, abort.signal, (alert) => {
    const { violationId } = JSON.parse(alert);
    if (!baseline.has(violationId)) baseline.set(violationId, Date.now());
  });
  const announced = new Map<string, number>();
  await listen(clients, stack.deployed.outputs.AnnouncementsTopicArn ?? '', abort.signal, (announcement) => {
    const { kind, id, thingName } = JSON.parse(announcement);
    if (kind === 'contained') announced.set(thingName, (announced.get(thingName) ?? 0) + 1);
    ids.push(id);
  });
  if (flags.storm)
    gateway.setFaults(
      ['detect', 'intake', 'respond'].flatMap((name) => [
        { functionName: `cordon-dev-${name}`, probability: 0.1, kind: 'throttle' as const },
        { functionName: `cordon-dev-${name}`, probability: 0.05, kind: 'error' as const },
      ]),
    );
  const startedAt = Date.now();
  const publishedAt = await publishAll(clients, topicArn);
  await waitForAll(announced);
  gateway.setFaults([]);
  const contained = await Promise.all(
    names.map(async (name) => {
      const stored = await clients.cases.load(name);
      if (!stored) throw new Error(`${name} has no case`);
      return stored.value;
    }),
  );
  say(`${contained.length} of ${things} things contained ${Date.now() - startedAt} ms after the first alert`);
  const at = (name: string) => publishedAt.get(name) ?? Number.NaN;
  const floor = names
    .map((name) => (baseline.get(`${name}-0`) ?? Number.NaN) - at(name))
    .filter(Number.isFinite);
  const applied = contained.map(
    ({ thingName, ledger }) =>
      Math.max(...ledger.map(({ appliedAt }) => appliedAt ?? Number.NaN)) - at(thingName),
  );
  if (!flags.storm) {
    tell('baseline, SNS to a queue', floor);
    tell('alert to the last action applied', applied);
    say(`ratio of the p50s: ${(percentile(applied, 0.5) / Math.max(1, percentile(floor, 0.5))).toFixed(1)}`);
  }
  const open = contained.filter(({ status }) => status !== 'contained').length;
  say(
    `${open} things not contained, ${ids.length - new Set(ids).size} announcements repeated under the same id`,
  );
} finally {
  abort.abort();
  await stack?.close();
  await rm(folder, { recursive: true, force: true });
}
process.exit();
