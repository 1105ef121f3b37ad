import type { IClientOptions, IClientPublishOptions, MqttClient } from 'mqtt';
import mqtt from 'mqtt';
import { createIotRegistry, type IotRegistry } from '../../../../local/aws/iot/registry';
import { type Broker, type BrokerOptions, startBroker } from '../../../../local/aws/mqtt/broker';
import {
  type CertificateAuthority,
  createCertificateAuthority,
  type IssuedCertificate,
} from '../../../../local/aws/mqtt/certificates';
import type { RuleAction } from '../../../../local/aws/mqtt/rule-action';

import type { AwsIdentity, LocalLog, PolicyStatement } from '../../../../local/types';

const identity: AwsIdentity = { partition: 'aws', accountId: '123456789012', region: 'eu-west-1' };
const prefix = `arn:aws:iot:${identity.region}:${identity.accountId}:`;

interface LogLine {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

interface PerformedAction {
  readonly action: RuleAction;
  readonly payload: string;
  readonly ruleName: string;
}

/** A broker with its registry and CA, and the clients that a test opens on it. */
export interface Stack {
  readonly registry: IotRegistry;
  readonly ca: CertificateAuthority;
  readonly broker: Broker;
  readonly log: readonly LogLine[];
  readonly performed: PerformedAction[];
  addDevice(thingName: string, statements?: readonly PolicyStatement[]): Promise<IssuedCertificate>;
  connect(certificate: IssuedCertificate | undefined, options: IClientOptions): Promise<MqttClient>;
  close(): Promise<void>;
}

export async function startStack(options: Partial<BrokerOptions> = {}): Promise<Stack> {
  const log: LogLine[] = [];
  const performed: PerformedAction[] = [];
  const write = (message: string, fields: Readonly<Record<string, unknown>> = {}): void => {
    log.push({ message, fields });
  };
  const localLog: LocalLog = { info: write, warn: write };
  const registry = createIotRegistry(identity, { endpoint: () => 'localhost', log: localLog });
  const ca = await createCertificateAuthority();
  const broker = await startBroker({
    registry,
    ca,
    log: localLog,
    performRuleAction: async (action, payload, ruleName) => {
      performed.push({ action, payload: payload.toString(), ruleName });
    },
    ...options,
  });
  const clients: MqttClient[] = [];
  return {
    registry,
    ca,
    broker,
    log,
    performed,
    addDevice: (thingName, statements) => addDevice(registry, ca, thingName, statements),
    connect: (certificate, clientOptions) => {
      const client = mqtt.connect({
        protocol: 'mqtts',
        host: '127.0.0.1',
        port: broker.port,
        ca: ca.certificatePem,
        ...(certificate && { cert: certificate.certificatePem, key: certificate.privateKeyPem }),
        reconnectPeriod: 0,
        ...clientOptions,
      });
      clients.push(client);
      record(client);
      return waitForConnack(client);
    },
    async close() {
      await Promise.all(clients.map((client) => client.endAsync(true)));
      await broker.close();
    },
  };
}

/** The stack of the running test, new for each, and a clock for it that a test may set forward. */
export let stack: Stack;
export const clock = { at: Date.now() };

/** Starts a stack before each test of the file, and ends it after. */
export function useStack(options: Partial<BrokerOptions> = {}): void {
  beforeEach(async () => {
    clock.at = Date.now();
    stack = await startStack(options);
  });
  afterEach(() => stack.close());
}

async function waitForConnack(client: MqttClient): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client));
    client.once('close', () => reject(new Error('refused')));
    client.on('error', (error) => reject(error));
  });
}

/** A thing with a certificate attached to it, and a policy of its own on the certificate. */
async function addDevice(
  registry: IotRegistry,
  ca: CertificateAuthority,
  thingName: string,
  statements: readonly PolicyStatement[] = [allow('iot:*', '*')],
): Promise<IssuedCertificate> {
  const issued = await ca.issueDeviceCertificate({ commonName: thingName });
  const { arn } = registry.certificates.register(issued.certificatePem, 'ACTIVE');
  registry.things.create(thingName);
  registry.things.attachPrincipal(thingName, arn);
  registry.policies.create(`${thingName}-policy`, toPolicyText(statements));
  registry.policies.attach(`${thingName}-policy`, arn);
  return issued;
}

export function toPolicyText(statements: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

export function allow(action: string | readonly string[], ...resources: readonly string[]): PolicyStatement {
  return { Effect: 'Allow', Action: action, Resource: resources.map(toArn) };
}

export function deny(action: string | readonly string[], ...resources: readonly string[]): PolicyStatement {
  return { Effect: 'Deny', Action: action, Resource: resources.map(toArn) };
}

export function denyAllBut(
  action: string | readonly string[],
  ...resources: readonly string[]
): PolicyStatement {
  return { Effect: 'Deny', Action: action, NotResource: resources.map(toArn) };
}

function toArn(resource: string): string {
  return resource === '*' ? '*' : `${prefix}${resource}`;
}

/** Waits until `read` gives a value; ends before the test does, so that no poll outlives it. */
export async function waitFor<T>(read: () => T | undefined | false): Promise<T> {
  const deadlineAt = Date.now() + 40_000;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadlineAt) throw new Error(`Never came true: ${read}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export function waitForClose(client: MqttClient): Promise<void> {
  return new Promise((resolve) => {
    if (client.disconnected || !client.connected) resolve();
    else client.once('close', () => resolve());
  });
}

/** Publishes and returns what came first: the PUBACK, or the end of the connection. */
export async function tryPublish(
  client: MqttClient,
  topic: string,
  payload: string,
  options: IClientPublishOptions = { qos: 1 },
): Promise<'acknowledged' | 'cut'> {
  return Promise.race([
    client.publishAsync(topic, payload, options).then(() => 'acknowledged' as const),
    waitForClose(client).then(() => 'cut' as const),
  ]);
}

const received = new WeakMap<MqttClient, string[]>();

/**
 * The messages of a client as `topic payload`, past and future. It counts from the CONNACK, since a session may send
 * before that.
 */
export function collect(client: MqttClient): string[] {
  return received.get(client) ?? [];
}

function record(client: MqttClient): void {
  const messages: string[] = [];
  received.set(client, messages);
  client.on('message', (topic, payload) => messages.push(`${topic} ${payload.toString()}`));
}
