import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Aedes, type Subscription } from 'aedes';
import type { LocalLog } from '../../types';
import type { IotRegistry } from '../iot/registry';
import type { BrokerClient, BrokerCore } from './aedes-types';
import { type Authorizer, createAuthorizer } from './authorizer';
import {
  acceptMessage,
  announce,
  announcePresence,
  type BrokerContext,
  concludeSession,
  deliver,
} from './broker-context';
import { createHooks, cutAfterRefusal } from './broker-hooks';
import { acceptConnection, startServer } from './broker-server';
import type { CertificateAuthority } from './certificates';
import type { RequestOrigin } from './data-operation';
import { type DirectOutcome, sendDirect } from './direct-message';
import { type DisconnectOptions, disconnect, noteRegistryChange } from './disconnect';
import type { OutgoingMessage } from './outgoing-message';
import { createProvisioner } from './provisioning';
import { createRetainedBook, type RetainedBook } from './retained';
import { routeByProtocol } from './route-by-protocol';
import { createRuleEngine, type PerformRuleAction } from './rules';
import { createSessionBook, type Session } from './sessions';

export interface BrokerOptions {
  readonly registry: IotRegistry;
  readonly ca: CertificateAuthority;
  /** Performs `sqs` and `sns` actions; `republish` stays inside the broker. */
  readonly performRuleAction: PerformRuleAction;
  /** Runs the hooks of provisioning templates; without it a template that has one provisions nothing. */
  readonly invokeFunction?: (functionArn: string, event: unknown) => Promise<unknown>;
  readonly log: LocalLog;
  readonly host?: string;
  /** 0, the default, selects a free one. */
  readonly port?: number;
  /** How long a policy change takes to spread: 6 to 8 minutes on AWS, by default none here. */
  readonly policyCacheSeconds?: number;
  /** How long a session lasts after its certificate was deactivated: "a few minutes" on AWS, by default not at all here. */
  readonly certificateCutSeconds?: number;
  readonly now?: () => number;
}

export interface Broker {
  readonly host: string;
  readonly port: number;
  setPolicyCacheSeconds(seconds: number): void;
  /** Makes the times of lifecycle events inaccurate, as on AWS. */
  setPresenceSkewMs(ms: number): void;
  readonly authorizer: Authorizer;
  readonly retained: RetainedBook;
  /** Passes HTTP connections to their server. */
  serveHttp(accept: (socket: TLSSocket) => void): void;
  /** Publishes as the data plane does: the caller's rights are checked before. */
  publish(message: OutgoingMessage, origin?: RequestOrigin): Promise<void>;
  /** Sends a message to one client; with a timeout it must be acknowledged. */
  sendDirect(clientId: string, message: OutgoingMessage, timeoutMs?: number): Promise<DirectOutcome>;
  /** The present or last session of a client id. */
  sessionOf(clientId: string): Readonly<Session> | undefined;
  /** Cuts the client of this id; false when none is connected. */
  disconnect(clientId: string, options: DisconnectOptions): Promise<boolean>;
  /** Resolves when the rules are through with every message so far. */
  drainRules(): Promise<void>;
  close(): Promise<void>;
}

export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { registry, log, now = Date.now, host = '127.0.0.1' } = options;
  let core: BrokerCore | undefined;
  const context: BrokerContext = {
    core: () => {
      if (!core) throw new Error('The broker is not running');
      return core;
    },
    registry,
    authorizer: createAuthorizer(registry, options.policyCacheSeconds ?? 0, now),
    sessions: createSessionBook(),
    rules: createRuleEngine({
      rules: () => registry.topicRules(),
      log,
      performRuleAction: options.performRuleAction,
      republish: (message, hops) => announce(context, message, { hops }),
    }),
    provisioner: createProvisioner({
      registry,
      sign: options.ca.signRequest,
      ...(options.invokeFunction && { invokeFunction: options.invokeFunction }),
    }),
    retained: createRetainedBook(),
    log,
    now,
    presenceSkewMs: 0,
    certificateCutMs: (options.certificateCutSeconds ?? 0) * 1_000,
    cutsDue: new Map(),
    clients: new Map(),
    sessionOf: new WeakMap(),
  };
  core = await startCore(context);
  const sockets = new Set<TLSSocket>();
  let acceptHttp: ((socket: TLSSocket) => void) | undefined;
  const accept = (socket: TLSSocket): void => {
    routeByProtocol(
      socket,
      () => (acceptHttp ? acceptHttp(socket) : socket.destroy()),
      () => acceptConnection(context, socket),
    );
  };
  const at = { ca: options.ca, host, port: options.port ?? 0 };
  const server = await startServer(context, at, sockets, accept).catch(async (error: unknown) => {
    // Its timers would keep the process alive.
    await closeCore(context);
    throw error;
  });
  const stopWatching = registry.onChange(() => noteRegistryChange(context));
  const { port } = server.address() as AddressInfo;
  return {
    host,
    port,
    setPolicyCacheSeconds: (seconds) => context.authorizer.setDelaySeconds(seconds),
    setPresenceSkewMs(ms) {
      context.presenceSkewMs = ms;
    },
    authorizer: context.authorizer,
    retained: context.retained,
    serveHttp(accept) {
      acceptHttp = accept;
    },
    publish(message, { certificateId: principal, sourceIp } = {}) {
      const origin = {
        ...(principal !== undefined && { principal }),
        ...(sourceIp !== undefined && { sourceIp }),
      };
      return deliver(context, { ...message, retain: acceptMessage(context, message, origin) });
    },
    sendDirect: (clientId, message, timeoutMs) => sendDirect(context, clientId, message, timeoutMs),
    sessionOf: (clientId) => context.sessions.latest(clientId),
    disconnect: (clientId, how) => disconnect(context, clientId, how),
    drainRules: () => context.rules.drain(),
    async close() {
      stopWatching();
      for (const session of context.sessions.live()) session.endReason ??= 'SERVER_INITIATED_DISCONNECT';
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await closeCore(context);
      for (const socket of sockets) socket.destroy();
      await closed;
      await context.rules.close();
    },
  };
}

async function startCore(context: BrokerContext): Promise<BrokerCore> {
  const hooks = createHooks(context);
  const core = (await Aedes.createBroker({
    ...hooks,
    // One subscriber that does not read must not hold up the others: no shared limit, and it is cut after a while.
    concurrency: 0,
    drainTimeout: 10_000,
    connectTimeout: 10_000,
  })) as BrokerCore;
  core.clients = Object.create(null);
  const sessionOf = (client: unknown): Session | undefined => context.sessionOf.get(client as BrokerClient);
  core.on('clientReady', (client) => {
    const session = sessionOf(client);
    if (session?.state !== 'connecting') return;
    session.state = 'connected';
    session.connectedAt = context.now();
    context.log.info('client connected', {
      clientId: session.clientId,
      certificateId: session.certificateId,
    });
    announcePresence(context, 'connected', session);
  });
  core.on('clientDisconnect', (client) => {
    const session = sessionOf(client);
    if (session) concludeSession(context, session);
  });
  core.on('keepaliveTimeout', (client) => {
    const session = sessionOf(client);
    if (session) session.endReason ??= 'MQTT_KEEP_ALIVE_TIMEOUT';
  });
  core.on('clientError', (client, error) => {
    const session = sessionOf(client);
    // Errors of the socket have a code; the others are about what the client sent.
    if (session && !('code' in error)) session.endReason ??= 'CLIENT_ERROR';
  });
  // Without a listener an error of the core, such as of its memory store, would end the process.
  core.addListener('error', (error: Error) => context.log.warn('broker error', { reason: error.message }));
  core.on('connectionError', (_client, error) =>
    context.log.warn('connection failed', { reason: error.message }),
  );
  core.on('subscribe', (subscriptions: readonly Subscription[], client) =>
    cutAfterRefusal(context, client as BrokerClient, subscriptions),
  );
  return core;
}

function closeCore(context: BrokerContext): Promise<void> {
  return new Promise((resolve) => context.core().close(() => resolve()));
}
