import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import {
  DeleteMessageCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import type { IClientOptions, MqttClient } from 'mqtt';
import { clientSettings } from '../../local/aws/gateway/client-settings';
import type { LocalRoutes } from '../../local/aws/wire/local-routes';
import { createDevicePolicy, type Device, enrollDevice } from '../../local/devices';
import { type LocalStack, startStack } from '../../local/stack';
import { connectCommands } from '../../shared/aws/commands';
import type { Case } from '../../shared/domain/case/case';
import type { Command } from '../../shared/domain/decide/command';
import { type CaseInWords, describeCase } from '../../shared/domain/messages/describe-case';
import { thingKey } from '../../shared/domain/thing-ref';
import { VersionConflictError } from '../../shared/errors';
import type { CaseStore } from '../../shared/ports/storage';
import { connectTable } from '../../shared/storage/table';
import { countMessages } from './count-messages';
import { connectOnce, readCredentials } from './mqtt-client';

export const root = join(import.meta.dirname, '..', '..');

interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A message of the rejected queue. */
export interface Rejected {
  readonly reason: string;
  readonly source: string;
  readonly body: string;
  readonly cut?: boolean;
}

/** The whole stack in this process, its functions in theirs, and what a test needs to drive it. */
export interface EndToEnd {
  readonly stack: LocalStack;
  readonly iot: IoTClient;
  readonly sqs: SQSClient;
  readonly sns: SNSClient;
  readonly dynamodb: DynamoDBClient;
  readonly log: readonly LogLine[];
  enroll(thingName: string): Promise<Device>;
  connect(device: Device, options?: IClientOptions): Promise<MqttClient>;
  publishAlert(message: string): Promise<void>;
  /** Straight to a queue of the stack, past SNS. */
  sendTo(queue: string, body: string): Promise<void>;
  command(command: Command): Promise<void>;
  readonly cases: Pick<CaseStore, 'load'>;
  /** The case as people see it. */
  loadCase(thingName: string): Promise<CaseInWords | undefined>;
  waitForCase(thingName: string, status: Case['status'], timeoutMs?: number): Promise<CaseInWords>;
  /** Lets the time come when the sweep looks at a case. */
  makeDue(thingName: string): Promise<true>;
  /** What the timeline of a case says, oldest first. */
  timelineOf(caseId: string): Promise<string[]>;
  /** All messages of the rejected queue so far. */
  rejected(): Promise<readonly Rejected[]>;
  /** How often functions made each call, since the last `calls.reset()`. */
  countCalls(functionName: string): Record<string, number>;
  /** Resolves when the queues between an alert and its case are empty. */
  waitForQuiet(): Promise<void>;
  close(): Promise<void>;
}

interface EndToEndOptions {
  readonly policyCacheSeconds?: number;
  /** How long a session goes on after its certificate was deactivated; by default as on AWS. */
  readonly certificateCutSeconds?: number;
  /** Packages of another cordon.yml; by default those of the repository's. */
  readonly artifactsDirectory?: string;
  /** Parameters of the template. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Services that the test plays, at the gateway of the stack. */
  readonly routes?: LocalRoutes;
  /** Invocations of a function at once, each begun without delay. */
  readonly maxConcurrency?: number;
  /** When a message that a function failed or was killed with comes again; by default as on AWS. */
  readonly redeliverSeconds?: number;
  /**
   * true runs the schedules each minute, such as the retries of a channel that failed. By default, a test invokes the
   * scheduled functions that it needs: each run of a schedule starts processes that most tests do not use.
   */
  readonly schedules?: boolean;
  /** true starts a process of each function on the way of an alert at once; by default the first invocation does. */
  readonly warm?: boolean;
}

export async function startEndToEnd(options: EndToEndOptions = {}): Promise<EndToEnd> {
  const stateDirectory = await mkdtemp(join(tmpdir(), 'cordon-e2e-'));
  const log: LogLine[] = [];
  const write = (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
    void log.push({ message, fields });
  const stack = await startStack({
    gatewayPort: 0,
    mqttPort: 0,
    policyCacheSeconds: options.policyCacheSeconds ?? 0,
    stateDirectory,
    codeDirectory: join(root, 'dist', 'functions'),
    artifactsDirectory: options.artifactsDirectory ?? join(root, '.serverless'),
    ...(options.certificateCutSeconds !== undefined && {
      certificateCutSeconds: options.certificateCutSeconds,
    }),
    ...(options.parameters && { parameters: options.parameters }),
    ...(options.routes && { routes: options.routes }),
    // A process more costs what several invocations do.
    ...(options.maxConcurrency === undefined
      ? { patienceMs: 500 }
      : { maxConcurrency: options.maxConcurrency }),
    warm: false,
    ...(options.redeliverSeconds !== undefined && { redeliverSeconds: options.redeliverSeconds }),
    log: { info: write, warn: write },
  });
  if (!options.schedules) stack.scheduler.close();
  if (options.warm)
    await Promise.all(
      ['intake', 'respond', 'notify', 'detect'].map((name) => stack.functions.warm(`cordon-dev-${name}`)),
    );
  const { gateway } = stack.aws;
  const settingsOf = (service: string) => clientSettings(gateway, stack.identity.region, service);
  const iot = new IoTClient(settingsOf('iot'));
  const sns = new SNSClient(settingsOf('sns'));
  const sqs = new SQSClient(settingsOf('sqs'));
  const dynamodb = new DynamoDBClient(settingsOf('dynamodb'));
  const {
    AlertsTopicArn = '',
    CommandsQueueUrl = '',
    RejectedQueueUrl = '',
    TableName = '',
  } = stack.deployed.outputs;
  const { cases, history } = connectTable(TableName, dynamodb);
  const commands = connectCommands(CommandsQueueUrl, sqs);
  const clients: MqttClient[] = [];
  const rejected: Rejected[] = [];
  const queueUrls = new Map<string, string>();
  const findQueue = async (queue: string): Promise<string> => {
    const known = queueUrls.get(queue);
    if (known !== undefined) return known;
    const { QueueUrl = '' } = await sqs.send(new GetQueueUrlCommand({ QueueName: `cordon-dev-${queue}` }));
    queueUrls.set(queue, QueueUrl);
    return QueueUrl;
  };
  await createDevicePolicy(iot);

  /** A case changes only with one of these. */
  const countWrites = () =>
    gateway.calls
      .counts()
      .filter(({ action }) => /^dynamodb:(?!Get|BatchGet|Query|Scan)/.test(action))
      .reduce((sum, { count }) => sum + count, 0);

  const loadCase = async (thingName: string) => {
    const record = (await cases.load(thingKey(thingName)))?.value;
    return record && describeCase(record);
  };

  return {
    stack,
    iot,
    sqs,
    sns,
    dynamodb,
    log,
    enroll: (thingName) => enrollDevice(thingName, iot, stack.ca, join(stateDirectory, 'things')),

    async connect(device, more = {}) {
      const client = await connectOnce(stack.broker.port, {
        clientId: device.thingName,
        ca: stack.ca.certificatePem,
        ...(await readCredentials(device)),
        ...more,
      });
      clients.push(client);
      const clientId = more.clientId ?? device.thingName;
      // The broker reports a connect only after its answer, and `waitForQuiet` must see the consequences.
      await waitUntil(
        () => `a session of ${clientId}`,
        () => stack.broker.sessionOf(clientId)?.state !== 'connecting',
      );
      return client;
    },

    async publishAlert(message) {
      await sns.send(new PublishCommand({ TopicArn: AlertsTopicArn, Message: message }));
    },

    async sendTo(queue, body) {
      const QueueUrl = await findQueue(queue);
      const ordered = queue.endsWith('.fifo') && {
        MessageGroupId: 'test',
        MessageDeduplicationId: crypto.randomUUID(),
      };
      await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: body, ...ordered }));
    },

    cases,
    command: (command) => commands.send(command, crypto.randomUUID()),
    loadCase,

    waitForCase: (thingName, status, timeoutMs = 60_000) => {
      let last: CaseInWords | undefined;
      let writesSeen = -1;
      return waitUntil(
        () => `${thingName} in ${status}, but it is in ${last?.status} (${last?.reason})`,
        async () => {
          const writes = countWrites();
          if (writes === writesSeen) return undefined;
          writesSeen = writes;
          last = await loadCase(thingName);
          const settled = last?.outbox.timeline.length === 0 && last.outbox.announcements.length === 0;
          return last?.status === status && settled ? last : undefined;
        },
        timeoutMs,
      );
    },

    makeDue: (thingName) =>
      waitUntil(
        () => `a moment in which no function saves the case of ${thingName}`,
        async () => {
          const stored = await cases.load(thingKey(thingName));
          if (!stored) return true;
          const { reminder } = stored.value;
          const due = { dueAt: 1, ...(reminder && { reminder: { ...reminder, dueAt: 1 } }) };
          try {
            await cases.save({ ...stored.value, ...due }, stored.version);
            return true;
          } catch (error) {
            if (error instanceof VersionConflictError) return false;
            throw error;
          }
        },
      ),

    async timelineOf(caseId) {
      const rows = await history.readTimeline(caseId);
      return rows.flatMap(({ entries }) => entries.map(({ what, detail }) => `${what}: ${detail ?? ''}`));
    },

    async rejected() {
      for (;;) {
        const { Messages = [] } = await sqs.send(
          new ReceiveMessageCommand({ QueueUrl: RejectedQueueUrl, MaxNumberOfMessages: 10 }),
        );
        if (Messages.length === 0) return rejected;
        for (const { Body = '', ReceiptHandle } of Messages) {
          rejected.push(JSON.parse(Body));
          await sqs.send(new DeleteMessageCommand({ QueueUrl: RejectedQueueUrl, ReceiptHandle }));
        }
      }
    },

    countCalls: (functionName) =>
      Object.fromEntries(
        gateway.calls
          .counts()
          .filter(({ caller }) => caller === `cordon-dev-${functionName}`)
          .map(({ action, count }) => [action, count]),
      ),

    async waitForQuiet() {
      await stack.broker.drainRules();
      await waitUntil(
        () => 'the queues to be empty',
        async () => {
          // One after the other, along the way of an alert: a message is sent on before it is deleted.
          for (const queue of ['alerts', 'presence', 'reports', 'commands.fifo'])
            if ((await countMessages(stack, `cordon-dev-${queue}`)) > 0) return false;
          return true;
        },
        60_000,
      );
    },

    async close() {
      await Promise.all(clients.map((client) => client.endAsync(true)));
      await stack.close();
      for (const client of [iot, sns, sqs, dynamodb]) client.destroy();
      await rm(stateDirectory, { recursive: true, force: true });
    },
  };
}

/** Whether a process is there, or one of the group of this number below zero. */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Looks until `find` gives something; fails, saying what never came, when the time is up. */
export async function waitUntil<T>(
  what: () => string,
  find: () => Promise<T | undefined | false> | T | undefined | false,
  timeoutMs = 60_000,
): Promise<T> {
  const startedAt = performance.now();
  for (;;) {
    const found = await find();
    if (found !== undefined && found !== false) return found;
    const waitedMs = performance.now() - startedAt;
    if (waitedMs > timeoutMs) throw new Error(`never came: ${what()}`);
    // Each look takes CPU time from the work that it waits for, so looks become rarer the longer the wait takes.
    await delay(Math.min(20 + waitedMs / 20, 200));
  }
}

/**
 * Repeats an act until it has the wanted effect. It waits two seconds between two acts: an act takes CPU time from the
 * effect of the one before.
 */
export function actUntil<T>(
  what: () => string,
  act: () => Promise<unknown>,
  find: () => Promise<T | undefined | false> | T | undefined | false,
): Promise<T> {
  let nextAt = 0;
  return waitUntil(what, async () => {
    if (performance.now() >= nextAt) {
      await act();
      nextAt = performance.now() + 2_000;
    }
    return find();
  });
}

/** Waits for the end of a client's session. */
export function ended(client: MqttClient): Promise<true> {
  return waitUntil(
    () => 'the end of the session',
    () => !client.connected,
  );
}
