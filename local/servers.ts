import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createHttpApiHost, type HttpApiHost } from './aws/http-api/host';
import { iotLocalRoutes } from './aws/iot/local-routes';
import { createFunctionHost, type FunctionHost } from './aws/lambda/function';
import { createScheduler, type Scheduler } from './aws/lambda/schedule';
import { type Broker, startBroker } from './aws/mqtt/broker';
import { createIotDataPlane, type IotDataPlane } from './aws/mqtt/data-plane';
import { type DeviceHttps, startDeviceHttps } from './aws/mqtt/device-https';
import { createRuleActions } from './aws/rule-actions';
import type { RunningStack } from './aws/services/cloudformation';
import { jsonResponse, type LocalRoutes } from './aws/wire/local-routes';
import type { Closers } from './closers';
import { createConsole } from './console';
import { type Base, type BaseOptions, createBase, identity, type Later, started } from './server-base';
import { createServices } from './services';
import { type LocalAws, startLocalAws } from './start-aws';
import type { LocalLog } from './types';

export interface ServerOptions extends BaseOptions {
  /** 0 takes a free port. */
  readonly gatewayPort: number;
  readonly mqttPort: number;
  /** Keeps the code of functions, and what Node compiled of it, for the next stack; by default each stack starts without it. */
  readonly codeDirectory?: string;
  readonly policyCacheSeconds: number;
  /** How long a session lasts after its certificate was deactivated; by default as AWS documents it. */
  readonly certificateCutSeconds?: number;
  /** Invocations of a function at once, each in a process of its own. */
  readonly maxConcurrency?: number;
  /** See FunctionHostSettings. */
  readonly patienceMs?: number;
  /** More routes, of services that a test plays. */
  readonly routes?: LocalRoutes;
}

/** The services of AWS on this machine, with nothing deployed to them yet. */
export interface Servers extends Omit<Base, 'later'> {
  readonly aws: LocalAws;
  readonly broker: Broker;
  /** The server to which devices connect over HTTPS. */
  readonly https: DeviceHttps;
  readonly functions: FunctionHost;
  readonly scheduler: Scheduler;
  readonly apis: HttpApiHost;
  /** The answers of the servers about the stack, once it is deployed. */
  setStack(stack: RunningStack): void;
}

export const slackToken = 'xoxb-local-stack';
export const slackSigningSecret = 'local-stack-signing-secret';

/** Starts each after those that it asks for; `closers` get what closes it. */
export async function startServers(options: ServerOptions, closers: Closers): Promise<Servers> {
  const { log } = options;
  const base = await createBase(options);
  const { later, ...shown } = base;
  /** From now on the gateway can ask the server. */
  function keep<K extends Server, S extends Required<Later>[K]>(name: K, server: S): S {
    later[name] = server;
    closers.push(() => server.close());
    return server;
  }
  const broker = keep('broker', await startMqtt(base, options));
  const dataPlane = createIotDataPlane({ broker, registry: base.registry });
  const aws = keep('aws', await startGateway(base, dataPlane, options));
  const https = keep('https', await startHttps(base, broker, dataPlane, aws, log));
  const functions = keep('functions', await createFunctions(aws, options));
  const { invoke } = functions;
  const { findCaller } = aws.gateway;
  const apis = keep('apis', createHttpApiHost({ identity, invoke, findCaller, log }));
  const scheduler = keep('scheduler', createScheduler({ identity, invoke, log }));
  const setStack = (stack: RunningStack) => {
    later.stack = stack;
  };
  return { ...shown, aws, broker, https, functions, apis, scheduler, setStack };
}

type Server = Exclude<keyof Later, 'stack'>;

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

function setPolicyCache(body: Buffer, broker: Broker | undefined) {
  const seconds = Number(body.toString('utf8'));
  if (!Number.isFinite(seconds) || seconds < 0 || body.length === 0)
    return jsonResponse({ error: 'expected the age of the policy cache in seconds, such as 480' }, 400);
  broker?.setPolicyCacheSeconds(seconds);
  return jsonResponse({ seconds });
}
