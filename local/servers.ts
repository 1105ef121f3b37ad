import { X509Certificate } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { recordRoleUse } from './aws/gateway/role-use';
import { createHttpApiHost, type HttpApiHost } from './aws/http-api/host';
import { createIotControlPlane } from './aws/iot/control-plane';
import { iotLocalRoutes } from './aws/iot/local-routes';
import { createIotRegistry, type IotRegistry } from './aws/iot/registry';
import { createLambdaApi } from './aws/lambda/api';
import type { EventSourceDefinition } from './aws/lambda/definitions';
import { createFunctionHost, type FunctionHost } from './aws/lambda/function';
import { createScheduler, type Scheduler } from './aws/lambda/schedule';
import { type Broker, startBroker } from './aws/mqtt/broker';
import { type CertificateAuthority, openCertificateAuthority } from './aws/mqtt/certificates';
import { createIotDataPlane, type IotDataPlane } from './aws/mqtt/data-plane';
import { type DeviceHttps, startDeviceHttps } from './aws/mqtt/device-https';
import { compileTopicRule } from './aws/mqtt/rules';
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

export interface ServerOptions {
  /** 0 takes a free port. */
  readonly gatewayPort: number;
  readonly mqttPort: number;
  /** `.cordon`: CA, unpacked functions, logs. */
  readonly stateDirectory: string;
  /** Keeps the code of functions, and what Node compiled of it, for the next stack; by default each stack starts without it. */
  readonly codeDirectory?: string;
  readonly policyCacheSeconds: number;
  /** How long a session lasts after its certificate was deactivated; by default as AWS documents it. */
  readonly certificateCutSeconds?: number;
  /** See IotRegistryOptions. */
  readonly exclusiveBindsGroups?: boolean;
  readonly detachSeconds?: number;
  /** Invocations of a function at once, each in a process of its own. */
  readonly maxConcurrency?: number;
  /** See FunctionHostSettings. */
  readonly patienceMs?: number;
  /** Beside those of the stack: of services that a test plays. */
  readonly routes?: LocalRoutes;
  readonly log: LocalLog;
}

/** The services of AWS on this machine, with nothing deployed to them yet. */
export interface Servers {
  readonly aws: LocalAws;
  /** The events on the buses of EventBridge. */
  readonly eventBus: LocalEventBus;
  readonly securityHub: LocalSecurityHub;
  readonly registry: IotRegistry;
  readonly broker: Broker;
  /** Where devices connect over HTTPS. */
  readonly https: DeviceHttps;
  readonly ca: CertificateAuthority;
  readonly functions: FunctionHost;
  readonly scheduler: Scheduler;
  readonly apis: HttpApiHost;
  readonly roles: RoleBook;
  readonly sources: EventSourceDefinition[];
  readonly descriptions: Descriptions;
  /** The answers of the servers about the stack, once it is deployed. */
  setStack(stack: RunningStack): void;
}

// fauxqs knows this account only.
export const identity: AwsIdentity = { partition: 'aws', accountId: '000000000000', region: 'us-east-1' };
export const slackToken = 'xoxb-local-stack';
export const slackSigningSecret = 'local-stack-signing-secret';

/** What is there before the gateway, and what starts after it, which the gateway asks for when it is asked itself. */
interface Base
  extends Pick<
    Servers,
    'registry' | 'ca' | 'roles' | 'sources' | 'descriptions' | 'eventBus' | 'securityHub'
  > {
  readonly later: Later;
}

interface Later {
  aws?: LocalAws;
  broker?: Broker;
  https?: DeviceHttps;
  functions?: FunctionHost;
  apis?: HttpApiHost;
  scheduler?: Scheduler;
  stack?: RunningStack;
}

export async function startServers(options: ServerOptions, closers: Closers): Promise<Servers> {
  const { log } = options;
  const base = await createBase(options);
  const { later, ...shown } = base;
  const broker = await startMqtt(base, options);
  later.broker = broker;
  closers.push(() => broker.close());
  const dataPlane = createIotDataPlane({ broker, registry: base.registry });
  const aws = await startGateway(base, dataPlane, options);
  later.aws = aws;
  closers.push(() => aws.close());
  const https = await startHttps(base, broker, dataPlane, aws, log);
  later.https = https;
  closers.push(https.close);
  const functions = await createFunctions(aws, options);
  later.functions = functions;
  closers.push(() => functions.close());
  const { invoke } = functions;
  const apis = createHttpApiHost({ identity, invoke, findCaller: aws.gateway.findCaller, log });
  later.apis = apis;
  closers.push(() => apis.close());
  const scheduler = createScheduler({ identity, invoke, log });
  later.scheduler = scheduler;
  closers.push(() => scheduler.close());
  const setStack = (stack: RunningStack) => {
    later.stack = stack;
  };
  return { ...shown, aws, broker, https, functions, apis, scheduler, setStack };
}

async function createBase(options: ServerOptions): Promise<Base> {
  const later: Later = {};
  // Where `npm test` asks for it: what each role has and uses (scripts/check-role-use.ts).
  const useFolder = process.env.CORDON_ROLE_USE;
  const registry = createIotRegistry(identity, {
    endpoint: (kind) => `localhost:${(kind === 'data' ? later.broker : later.https)?.port ?? 0}`,
    checkTopicRule: compileTopicRule,
    exclusiveBindsGroups: options.exclusiveBindsGroups ?? false,
    detachSeconds: options.detachSeconds ?? 0,
    log: options.log,
  });
  return {
    later,
    registry,
    ca: await openCertificateAuthority(join(options.stateDirectory, 'ca')),
    roles: createRoleBook(
      identity,
      () => started(later.aws, 'the gateway').gateway,
      useFolder ? recordRoleUse(useFolder) : undefined,
    ),
    sources: [],
    descriptions: createDescriptions(),
    eventBus: createEventBus(identity),
    securityHub: createSecurityHub(identity),
  };
}

function startMqtt({ registry, ca, roles, later }: Base, options: ServerOptions): Promise<Broker> {
  return startBroker({
    registry,
    ca,
    performRuleAction: createRuleActions(() => started(later.aws, 'the gateway').gateway, roles),
    invokeFunction: (functionArn, event) =>
      started(later.functions, 'the host of functions').invoke(functionArn, event),
    log: options.log,
    port: options.mqttPort,
    policyCacheSeconds: options.policyCacheSeconds,
    // "Within a few minutes" (API reference, UpdateCertificate).
    certificateCutSeconds: options.certificateCutSeconds ?? 120,
  });
}

function startGateway(base: Base, dataPlane: IotDataPlane, options: ServerOptions): Promise<LocalAws> {
  const { registry, later } = base;
  const apiUrl = () => later.stack?.outputs.ApiUrl;
  return startLocalAws({
    identity,
    port: options.gatewayPort,
    slackToken,
    slackSigningSecret,
    slackInteractionsUrl: () => {
      const url = apiUrl();
      return url && `${url}/slack/interactions`;
    },
    log: options.log,
    services: createServices(base, dataPlane),
    routes: {
      ...iotLocalRoutes(registry),
      ...createConsole({
        folder: join(import.meta.dirname, '..', 'dist', 'console'),
        apiUrl,
        region: identity.region,
        accessKeyId: () => started(later.aws, 'the gateway').gateway.operatorCredentials.accessKeyId,
      }),
      'GET /_cordon/functions': () =>
        jsonResponse({ pids: later.functions?.pids(), coldStartMs: later.functions?.coldStarts() }),
      'POST /_cordon/policy-cache': ({ body }) => setPolicyCache(body, later.broker),
      ...options.routes,
    },
  });
}

function createServices(
  { registry, ca, roles, sources, descriptions, eventBus, securityHub, later }: Base,
  dataPlane: IotDataPlane,
): Record<string, ServiceHandler> {
  const issue = async () => {
    const issued = await ca.issueDeviceCertificate({ commonName: 'AWS IoT Certificate' });
    const { certificatePem, privateKeyPem } = issued;
    const publicKeyPem = new X509Certificate(certificatePem).publicKey
      .export({ type: 'spki', format: 'pem' })
      .toString();
    return { certificatePem, privateKeyPem, publicKeyPem };
  };
  const lambda = () =>
    createLambdaApi(
      started(later.functions, 'the host of functions'),
      sources,
      identity,
      later.stack?.permissions,
    );
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
    cloudformation: createCloudFormation(identity, () => later.stack),
    events: createEvents(identity, () => later.scheduler, eventBus),
    securityhub: securityHub.handler,
    iam: createIam(identity, roles),
    apigateway: createApiGateway(identity, descriptions, (apiId, routeKey) =>
      later.apis?.removeRoute(apiId, routeKey),
    ),
    logs: createLogs(identity, descriptions),
    s3: createS3(identity, descriptions),
  };
}

function startHttps(
  { registry, ca, roles }: Base,
  broker: Broker,
  plane: IotDataPlane,
  { gateway }: LocalAws,
  log: LocalLog,
): Promise<DeviceHttps> {
  return startDeviceHttps({
    broker,
    registry,
    ca,
    plane,
    credentials: {
      assumeRole: (roleArn, certificateId) =>
        roles.issueCredentials(roleArn, 'credentials.iot.amazonaws.com', `device ${certificateId}`),
    },
    serveSigned: (request, response) => gateway.serve(request, response),
    log,
  });
}

async function createFunctions({ gateway }: LocalAws, options: ServerOptions): Promise<FunctionHost> {
  const { stateDirectory, codeDirectory, maxConcurrency, patienceMs, log } = options;
  if (!codeDirectory) await rm(join(stateDirectory, 'code'), { recursive: true, force: true });
  return createFunctionHost({
    identity,
    endpoint: gateway.url,
    caFile: join(stateDirectory, 'ca', 'ca.pem'),
    logDirectory: join(stateDirectory, 'logs'),
    codeDirectory: codeDirectory ?? join(stateDirectory, 'code'),
    ...(codeDirectory && { compiledDirectory: join(codeDirectory, 'compiled') }),
    ...(maxConcurrency !== undefined && { maxConcurrency }),
    ...(patienceMs !== undefined && { patienceMs }),
    log,
  });
}

function started<T>(server: T | undefined, name: string): T {
  if (server === undefined) throw new Error(`${name} is not running yet`);
  return server;
}

function setPolicyCache(body: Buffer, broker: Broker | undefined) {
  const seconds = Number(body.toString('utf8'));
  if (!Number.isFinite(seconds) || seconds < 0 || body.length === 0)
    return jsonResponse({ error: 'expected a number of seconds' }, 400);
  broker?.setPolicyCacheSeconds(seconds);
  return jsonResponse({ seconds });
}
