import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type DeployedStack, deployTemplate } from './aws/cloudformation/deploy';
import type { StackClients, StackHooks } from './aws/cloudformation/resources/resource-type';
import { readTemplate, type Template } from './aws/cloudformation/template';
import { clientSettings } from './aws/gateway/client-settings';
import type { EventSourceDefinition } from './aws/lambda/definitions';
import { type EventSource, type EventSourcePorts, startEventSource } from './aws/lambda/event-source';
import type { FunctionHost } from './aws/lambda/function';
import { openSourceQueue } from './aws/lambda/source-queue';
import { publishFor } from './aws/pattern-rules';
import { Closers } from './closers';
import { createExisting } from './existing-account';
import { identity } from './server-base';
import { type ServerOptions, type Servers, slackSigningSecret, slackToken, startServers } from './servers';
import type { LocalAws } from './start-aws';
import type { AwsIdentity, LocalLog } from './types';

export interface StackOptions extends ServerOptions {
  /** `.serverless`: what `sls package` wrote. */
  readonly artifactsDirectory: string;
  /** The parameters of the template, beside those that only the stack can know. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** See EventSourcePorts. */
  readonly redeliverSeconds?: number;
  /** See EventSourcePorts. */
  readonly deliveryMs?: number;
  /** false leaves the start of each function to its first invocation, as AWS does. */
  readonly warm?: boolean;
}

export interface LocalStack
  extends Pick<
    Servers,
    'aws' | 'eventBus' | 'securityHub' | 'registry' | 'broker' | 'https' | 'ca' | 'functions' | 'scheduler'
  > {
  readonly identity: AwsIdentity;
  readonly deployed: DeployedStack;
  readonly policyCacheSeconds: number;
  close(): Promise<void>;
}

/** Boots everything on this machine from the packaged template and bundles. */
export async function startStack(options: StackOptions): Promise<LocalStack> {
  const closers = new Closers();
  const close = () => closers.closeAll();
  try {
    const { policyCacheSeconds } = options;
    const template = await readTemplate(
      join(options.artifactsDirectory, 'cloudformation-template-update-stack.json'),
    );
    const servers = await startServers(options, closers);
    const deployed = await deploy(template, servers, options, closers);
    return { ...servers, deployed, identity, policyCacheSeconds, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Deploys the template as CloudFormation would, takes the steps of a person after a deploy, and then starts the event
 * sources and schedules.
 */
async function deploy(
  template: Template,
  servers: Servers,
  options: StackOptions,
  closers: Closers,
): Promise<DeployedStack> {
  const { aws, functions, registry, sources } = servers;
  const { log, artifactsDirectory } = options;
  const clients = connectClients(aws);
  closers.push(() => {
    for (const client of Object.values(clients)) client.destroy();
  });
  const parameters = listParameters(template, aws, options);
  await createExisting(template, { registry, sns: clients.sns, identity, log });
  const deployed = await deployTemplate({
    ...{ template, parameters, identity, artifactsDirectory, clients, log },
    stackName: nameStack(template),
    hooks: createHooks(servers, log),
  });
  const { id, outputs, resources, permissions } = deployed;
  const defaults = Object.entries(template.Parameters ?? {}).map(([name, { Default = '' }]) => [
    name,
    String(Default),
  ]);
  servers.setStack({
    ...{ id, name: nameStack(template), template, outputs, resources, permissions },
    parameters: { ...Object.fromEntries(defaults), ...parameters },
  });
  storeSlackSecrets(functions, aws);
  await subscribeMailbox(clients.sns, outputs.AnnouncementsTopicArn, aws);
  // Warm first, so that a cold start is measured as such and not as part of the first batch.
  if (options.warm !== false) await functions.warm();
  const started = await Promise.all(sources.map((source) => startSource(source, servers, options)));
  closers.push(() => Promise.all(started.map((source) => source.stop())));
  return deployed;
}

function listParameters(
  { Parameters }: Template,
  { gateway }: LocalAws,
  options: StackOptions,
): Record<string, string> {
  return {
    PolicyCacheSeconds: String(options.policyCacheSeconds),
    SlackApiUrl: `${gateway.url}/_slack/api/`,
    // A template of an earlier release has no such parameter.
    ...(Parameters?.ConsoleUrl && { ConsoleUrl: `${gateway.url}/console/` }),
    ...options.parameters,
  };
}

/** The name that a deploy gives to the stack, its roles and schedules: its table has the same name. */
function nameStack({ Resources }: Template): string {
  const { TableName } = Resources.Table?.Properties ?? {};
  return typeof TableName === 'string' ? TableName : 'cordon-local';
}

/** A cordon.yml need have no address: the page of captured messages shows e-mail all the same. */
async function subscribeMailbox(sns: SNSClient, TopicArn: string | undefined, aws: LocalAws): Promise<void> {
  if (TopicArn === undefined || aws.hasMailSubscription(TopicArn)) return;
  await sns.send(
    new SubscribeCommand({
      TopicArn,
      Protocol: 'email',
      Endpoint: 'you@localhost',
      Attributes: { FilterPolicy: JSON.stringify({ audience: ['people'] }) },
    }),
  );
}

/** What an operator puts into SSM by hand. */
function storeSlackSecrets(host: FunctionHost, { parameters }: LocalAws): void {
  for (const { environment } of host.definitions()) {
    const { SLACK_PARAMETER: token, SLACK_BUTTONS_PARAMETER: secret } = environment;
    if (token) parameters.put(token, slackToken, 'SecureString');
    if (secret) parameters.put(secret, slackSigningSecret, 'SecureString');
  }
}

function createHooks(
  { roles, functions, scheduler, aws, apis, sources, descriptions, eventBus }: Servers,
  log: LocalLog,
): StackHooks {
  return {
    registerRole: (role) => roles.register(role),
    registerFunction: (definition) =>
      functions.register(
        definition,
        roles.issueCredentials(definition.roleArn, 'lambda.amazonaws.com', definition.name),
      ),
    registerEventSource: (definition) => void sources.push(definition),
    registerSchedule: (definition) => scheduler.register(definition),
    registerPattern: (rule) => eventBus.addRule({ ...rule, publish: publishFor(rule.arn, aws.gateway, log) }),
    invokeFunction: (functionArn, event) => functions.invoke(functionArn, event),
    isAllowed: roles.isAllowed,
    openHttpApi: apis.open,
    registerRoute: apis.addRoute,
    describe: descriptions.put,
    putParameter: ({ name, value, type }) => aws.parameters.put(name, value, type),
  };
}

function startSource(
  definition: EventSourceDefinition,
  { aws, functions, roles }: Servers,
  { log, maxConcurrency, redeliverSeconds, deliveryMs }: StackOptions,
): Promise<EventSource> {
  const owner = functions.definitions().find(({ name }) => name === definition.functionName);
  const more: Partial<EventSourcePorts> = {
    ...(maxConcurrency !== undefined && { maxConcurrency }),
    ...(redeliverSeconds !== undefined && { redeliverSeconds }),
    ...(deliveryMs !== undefined && { deliveryMs }),
  };
  return startEventSource(definition, {
    queue: openSourceQueue(aws.sqs, definition.queueArn, identity),
    identity,
    invoke: functions.invoke,
    isAllowed: roles.isAllowed,
    functionTimeoutSeconds: owner?.timeoutSeconds ?? 3,
    log,
    ...more,
  });
}

function connectClients({ gateway }: LocalAws): StackClients {
  const settingsOf = (service: string) => clientSettings(gateway, identity.region, service);
  return {
    dynamodb: new DynamoDBClient(settingsOf('dynamodb')),
    sqs: new SQSClient(settingsOf('sqs')),
    sns: new SNSClient(settingsOf('sns')),
    iot: new IoTClient(settingsOf('iot')),
  };
}
