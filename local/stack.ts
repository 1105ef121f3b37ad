import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { createAdopted } from './adopted-group';
import { type DeployedStack, deployTemplate } from './aws/cloudformation/deploy';
import type { StackClients, StackHooks } from './aws/cloudformation/resources/resource-type';
import { readTemplate, type Template } from './aws/cloudformation/template';
import { clientSettings } from './aws/gateway/client-settings';
import { recordRoleUse } from './aws/gateway/role-use';
import { createHttpApiHost, type HttpApiHost } from './aws/http-api/host';
import { createIotControlPlane } from './aws/iot/control-plane';
import { iotLocalRoutes } from './aws/iot/local-routes';
import { createIotRegistry, type IotRegistry } from './aws/iot/registry';
import { createLambdaApi } from './aws/lambda/api';
import type { EventSourceDefinition } from './aws/lambda/definitions';
import { type EventSource, type EventSourcePorts, startEventSource } from './aws/lambda/event-source';
import { createFunctionHost, type FunctionHost } from './aws/lambda/function';
import { createScheduler, type Scheduler } from './aws/lambda/schedule';
import { openSourceQueue } from './aws/lambda/source-queue';
import { type Broker, startBroker } from './aws/mqtt/broker';
import { type CertificateAuthority, openCertificateAuthority } from './aws/mqtt/certificates';
import { createIotDataPlane, type IotDataPlane } from './aws/mqtt/data-plane';
import { type DeviceHttps, startDeviceHttps } from './aws/mqtt/device-https';
import { compileTopicRule } from './aws/mqtt/rules';
import { publishFor } from './aws/pattern-rules';
import { createRoleBook, type RoleBook } from './aws/role-credentials';
import { createRuleActions } from './aws/rule-actions';
import { createApiGateway } from './aws/services/api-gateway';
import { createCloudFormation, type RunningStack } from './aws/services/cloudformation';
import { createDescriptions, type Descriptions } from './aws/services/descriptions';
import { createEventBus, type LocalEventBus } from './aws/services/event-bus';
import { createEvents } from './aws/services/events';
import { createIam } from './aws/services/iam';
import { createLogs } from './aws/services/logs';
import { createS3 } from './aws/services/s3';
import { createSecurityHub, type LocalSecurityHub } from './aws/services/security-hub';
import { jsonResponse, type LocalRoutes } from './aws/wire/local-routes';
import type { Closers } from './closers';
import { createConsole } from './console';
import { type LocalAws, startLocalAws } from './start-aws';
import type { AwsIdentity, LocalLog, ServiceHandler } from './types';

export interface StackOptions {
  /** 0 takes a free port. */
  readonly gatewayPort: number;
  readonly mqttPort: number;
  /** `.cordon`: CA, unpacked functions, logs. */
  readonly stateDirectory: string;
  /** Keeps the code of functions, and what Node compiled of it, for the next stack; by default each stack starts without it. */
  readonly codeDirectory?: string;
  /** `.serverless`: what `sls package` wrote. */
  readonly artifactsDirectory: string;
  readonly policyCacheSeconds: number;
  /** How long a session goes on after its certificate was deactivated; by default as AWS documents it. */
  readonly certificateCutSeconds?: number;
  /** See IotRegistryOptions. */
  readonly exclusiveBindsGroups?: boolean;
  readonly detachSeconds?: number;
  /** Of the template, beside those that only the stack can know. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Invocations of a function at once, each in a process of its own. */
  readonly maxConcurrency?: number;
  /** See FunctionHostSettings. */
  readonly patienceMs?: number;
  /** See EventSourcePorts. */
  readonly redeliverSeconds?: number;
  /** See EventSourcePorts. */
  readonly deliveryMs?: number;
  /** false leaves the start of each function to its first invocation, as AWS does. */
  readonly warm?: boolean;
  /** Beside those of the stack: of services that a test plays. */
  readonly routes?: LocalRoutes;
  readonly log: LocalLog;
}

export interface LocalStack {
  readonly identity: AwsIdentity;
  readonly aws: LocalAws;
  /** What was put on buses of EventBridge. */
  readonly eventBus: LocalEventBus;
  readonly securityHub: LocalSecurityHub;
  readonly registry: IotRegistry;
  readonly broker: Broker;
  /** Where devices connect over HTTPS. */
  readonly https: DeviceHttps;
  readonly ca: CertificateAuthority;
  readonly functions: FunctionHost;
  readonly scheduler: Scheduler;
  readonly deployed: DeployedStack;
  readonly policyCacheSeconds: number;
  close(): Promise<void>;
}

// fauxqs knows this account only.
const identity: AwsIdentity = { partition: 'aws', accountId: '000000000000', region: 'us-east-1' };
const slackToken = 'xoxb-local-stack';
const slackSigningSecret = 'local-stack-signing-secret';

/** Boots everything on this machine from the packaged template and bundles. */
export async function startStack(options: StackOptions): Promise<LocalStack> {
  const closers: Closers = [];
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end();
  };
  try {
    const { policyCacheSeconds } = options;
    return { ...(await boot(options, closers)), identity, policyCacheSeconds, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function boot(
  options: StackOptions,
  closers: Closers,
): Promise<Omit<LocalStack, 'close' | 'identity' | 'policyCacheSeconds'>> {
  const { log, stateDirectory, artifactsDirectory, maxConcurrency, redeliverSeconds, deliveryMs } = options;
  const concurrency = maxConcurrency === undefined ? {} : { maxConcurrency };
  const redelivery = {
    ...(redeliverSeconds !== undefined && { redeliverSeconds }),
    ...(deliveryMs !== undefined && { deliveryMs }),
  };
  const template = await readTemplate(join(artifactsDirectory, 'cloudformation-template-update-stack.json'));
  const ca = await openCertificateAuthority(join(stateDirectory, 'ca'));
  let aws: LocalAws | undefined;
  const running = () => {
    if (!aws) throw new Error('the gateway is not running yet');
    return aws;
  };
  const endpoint = () => running().gateway.url;
  // Where `npm test` asks for it: what each role has and uses (scripts/check-role-use.ts).
  const useFolder = process.env.CORDON_ROLE_USE;
  const roles = createRoleBook(
    identity,
    () => running().gateway,
    useFolder ? recordRoleUse(useFolder) : undefined,
  );
  let broker: Broker | undefined;
  let https: DeviceHttps | undefined;
  let functions: FunctionHost | undefined;
  const sources: EventSourceDefinition[] = [];
  let stack: RunningStack | undefined;
  let schedules: Scheduler | undefined;
  let apis: HttpApiHost | undefined;
  const descriptions = createDescriptions();
  const registry = createIotRegistry(identity, {
    endpoint: (kind) => `localhost:${(kind === 'data' ? broker : https)?.port ?? 0}`,
    checkTopicRule: compileTopicRule,
    exclusiveBindsGroups: options.exclusiveBindsGroups ?? false,
    detachSeconds: options.detachSeconds ?? 0,
    log,
  });
  broker = await startBroker({
    registry,
    ca,
    performRuleAction: createRuleActions(() => running().gateway, roles),
    invokeFunction: (functionArn, event) => requireHost(functions).invoke(functionArn, event),
    log,
    port: options.mqttPort,
    policyCacheSeconds: options.policyCacheSeconds,
    // "Within a few minutes" (API reference, UpdateCertificate).
    certificateCutSeconds: options.certificateCutSeconds ?? 120,
  });
  const { close: closeBroker } = broker;
  closers.push(closeBroker);
  const dataPlane = createIotDataPlane({ broker, registry });
  const eventBus = createEventBus(identity);
  const securityHub = createSecurityHub(identity);
  let apiUrl: string | undefined;
  aws = await startLocalAws({
    identity,
    port: options.gatewayPort,
    slackToken,
    slackSigningSecret,
    slackInteractionsUrl: () => apiUrl && `${apiUrl}/slack/interactions`,
    log,
    services: {
      ...createServices(
        registry,
        dataPlane,
        ca,
        sources,
        () => functions,
        () => stack,
      ),
      cloudformation: createCloudFormation(identity, () => stack),
      events: createEvents(identity, () => schedules, eventBus),
      securityhub: securityHub.handler,
      iam: createIam(identity, roles),
      apigateway: createApiGateway(identity, descriptions, (apiId, routeKey) =>
        apis?.removeRoute(apiId, routeKey),
      ),
      logs: createLogs(identity, descriptions),
      s3: createS3(identity, descriptions),
    },
    routes: {
      ...iotLocalRoutes(registry),
      ...createConsole({
        folder: join(import.meta.dirname, '..', 'dist', 'console'),
        apiUrl: () => apiUrl,
        region: identity.region,
        accessKeyId: () => running().gateway.operatorCredentials.accessKeyId,
      }),
      'GET /_cordon/functions': () =>
        jsonResponse({ pids: functions?.pids(), coldStartMs: functions?.coldStarts() }),
      'POST /_cordon/policy-cache': ({ body }) => setPolicyCache(body, broker),
      ...options.routes,
    },
  });
  closers.push(() => aws?.close());
  https = await startDeviceHttps({
    broker,
    registry,
    ca,
    plane: dataPlane,
    credentials: {
      assumeRole: (roleArn, certificateId) =>
        roles.issueCredentials(roleArn, 'credentials.iot.amazonaws.com', `device ${certificateId}`),
    },
    serveSigned: (request, response) => running().gateway.serve(request, response),
    log,
  });
  closers.push(https.close);
  if (!options.codeDirectory) await rm(join(stateDirectory, 'code'), { recursive: true, force: true });
  functions = createFunctionHost({
    identity,
    endpoint: endpoint(),
    caFile: join(stateDirectory, 'ca', 'ca.pem'),
    logDirectory: join(stateDirectory, 'logs'),
    codeDirectory: options.codeDirectory ?? join(stateDirectory, 'code'),
    ...(options.codeDirectory && { compiledDirectory: join(options.codeDirectory, 'compiled') }),
    ...concurrency,
    ...(options.patienceMs !== undefined && { patienceMs: options.patienceMs }),
    log,
  });
  const host = functions;
  closers.push(() => host.close());
  const httpApis = createHttpApiHost({
    identity,
    invoke: host.invoke,
    findCaller: aws.gateway.findCaller,
    log,
  });
  apis = httpApis;
  closers.push(() => httpApis.close());
  const scheduler = createScheduler({ identity, invoke: host.invoke, log });
  closers.push(() => scheduler.close());
  schedules = scheduler;
  const clients = connectClients(aws);
  closers.push(() => {
    for (const client of Object.values(clients)) client.destroy();
  });
  const parameters = {
    PolicyCacheSeconds: String(options.policyCacheSeconds),
    SlackApiUrl: `${endpoint()}/_slack/api/`,
    // A template of an earlier release has no such parameter.
    ...(template.Parameters?.ConsoleUrl && { ConsoleUrl: `${endpoint()}/console/` }),
    ...options.parameters,
  };
  createAdopted(template, registry, log);
  const deployed = await deployTemplate({
    template,
    parameters,
    identity,
    stackName: nameStack(template),
    artifactsDirectory,
    clients,
    hooks: createHooks(roles, host, scheduler, aws, httpApis, sources, descriptions, eventBus, log),
    log,
  });
  apiUrl = deployed.outputs.ApiUrl;
  const defaults = Object.entries(template.Parameters ?? {}).map(([name, { Default = '' }]) => [
    name,
    String(Default),
  ]);
  stack = {
    ...{ name: nameStack(template), outputs: deployed.outputs },
    parameters: { ...Object.fromEntries(defaults), ...parameters },
    ...{ template, resources: deployed.resources, permissions: deployed.permissions },
  };
  storeSlackSecrets(host, aws);
  await subscribeMailbox(clients.sns, deployed.outputs.AnnouncementsTopicArn, aws);
  // Warm first, so that a cold start is measured as such and not as part of the first batch.
  if (options.warm !== false) await host.warm();
  const started = await Promise.all(
    sources.map((source) =>
      startSource(source, aws.sqs, host, roles, { ...concurrency, ...redelivery, log }),
    ),
  );
  closers.push(() => Promise.all(started.map((source) => source.stop())));
  return { aws, eventBus, securityHub, registry, broker, https, ca, functions: host, scheduler, deployed };
}

/** As a deploy names it, and with it the roles and schedules: its table has the same name. */
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

function createServices(
  registry: IotRegistry,
  dataPlane: IotDataPlane,
  ca: CertificateAuthority,
  sources: readonly EventSourceDefinition[],
  functions: () => FunctionHost | undefined,
  stack: () => RunningStack | undefined,
): Record<string, ServiceHandler> {
  const issue = async () => {
    const issued = await ca.issueDeviceCertificate({ commonName: 'AWS IoT Certificate' });
    const { certificatePem, privateKeyPem } = issued;
    const publicKeyPem = new X509Certificate(certificatePem).publicKey
      .export({ type: 'spki', format: 'pem' })
      .toString();
    return { certificatePem, privateKeyPem, publicKeyPem };
  };
  const lambda = () => createLambdaApi(requireHost(functions()), sources, identity, stack()?.permissions);
  return {
    iot: createIotControlPlane(registry, {
      issuer: { issue, sign: ca.signRequest, caPem: ca.certificatePem },
    }),
    iotdata: dataPlane,
    iotdevicegateway: dataPlane,
    'iot-jobs-data': dataPlane,
    lambda: {
      identify: (request) => lambda().identify(request),
      handle: (request) => lambda().handle(request),
    },
  };
}

function requireHost(functions: FunctionHost | undefined): FunctionHost {
  if (!functions) throw new Error('the functions are not running yet');
  return functions;
}

function createHooks(
  roles: RoleBook,
  host: FunctionHost,
  scheduler: Scheduler,
  aws: LocalAws,
  apis: HttpApiHost,
  sources: EventSourceDefinition[],
  descriptions: Descriptions,
  eventBus: LocalEventBus,
  log: LocalLog,
): StackHooks {
  return {
    registerRole: (role) => roles.register(role),
    registerFunction: (definition) =>
      host.register(
        definition,
        roles.issueCredentials(definition.roleArn, 'lambda.amazonaws.com', definition.name),
      ),
    registerEventSource: (definition) => void sources.push(definition),
    registerSchedule: (definition) => scheduler.register(definition),
    registerPattern: (rule) => eventBus.addRule({ ...rule, publish: publishFor(rule.arn, aws.gateway, log) }),
    invokeFunction: (functionArn, event) => host.invoke(functionArn, event),
    isAllowed: roles.isAllowed,
    openHttpApi: apis.open,
    registerRoute: apis.addRoute,
    describe: descriptions.put,
    putParameter: ({ name, value, type }) => aws.parameters.put(name, value, type),
  };
}

function startSource(
  definition: EventSourceDefinition,
  sqs: ServiceHandler,
  host: FunctionHost,
  { isAllowed }: RoleBook,
  more: Pick<EventSourcePorts, 'maxConcurrency' | 'redeliverSeconds' | 'deliveryMs' | 'log'>,
): Promise<EventSource> {
  const owner = host.definitions().find(({ name }) => name === definition.functionName);
  const functionTimeoutSeconds = owner?.timeoutSeconds ?? 3;
  return startEventSource(definition, {
    queue: openSourceQueue(sqs, definition.queueArn, identity),
    identity,
    invoke: host.invoke,
    isAllowed,
    functionTimeoutSeconds,
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

function setPolicyCache(body: Buffer, broker: Broker | undefined) {
  const seconds = Number(body.toString('utf8'));
  if (!Number.isFinite(seconds) || seconds < 0 || body.length === 0)
    return jsonResponse({ error: 'expected a number of seconds' }, 400);
  broker?.setPolicyCacheSeconds(seconds);
  return jsonResponse({ seconds });
}
