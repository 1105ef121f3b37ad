import { join } from 'node:path';
import { recordRoleUse } from './aws/gateway/role-use';
import type { HttpApiHost } from './aws/http-api/host';
import { createIotRegistry, type IotRegistry } from './aws/iot/registry';
import type { EventSourceDefinition } from './aws/lambda/definitions';
import type { FunctionHost } from './aws/lambda/function';
import type { Scheduler } from './aws/lambda/schedule';
import type { Broker } from './aws/mqtt/broker';
import { type CertificateAuthority, openCertificateAuthority } from './aws/mqtt/certificates';
import type { DeviceHttps } from './aws/mqtt/device-https';
import { compileTopicRule } from './aws/mqtt/rules';
import { createRoleBook, type RoleBook } from './aws/role-credentials';
import type { RunningStack } from './aws/services/cloudformation';
import { createDescriptions, type Descriptions } from './aws/services/descriptions';
import { createEventBus, type LocalEventBus } from './aws/services/event-bus';
import { createSecurityHub, type LocalSecurityHub } from './aws/services/security-hub';
import type { LocalAws } from './start-aws';
import type { AwsIdentity, LocalLog } from './types';

// fauxqs knows this account only.
export const identity: AwsIdentity = { partition: 'aws', accountId: '000000000000', region: 'us-east-1' };

export interface BaseOptions {
  /** `.cordon`: CA, unpacked functions, logs. */
  readonly stateDirectory: string;
  /** See IotRegistryOptions. */
  readonly exclusiveBindsGroups?: boolean;
  readonly detachSeconds?: number;
  readonly log: LocalLog;
}

/** What is there before the gateway. */
export interface Base {
  readonly registry: IotRegistry;
  readonly ca: CertificateAuthority;
  readonly roles: RoleBook;
  readonly sources: EventSourceDefinition[];
  readonly descriptions: Descriptions;
  /** The events on the buses of EventBridge. */
  readonly eventBus: LocalEventBus;
  readonly securityHub: LocalSecurityHub;
  readonly later: Later;
}

/** Servers that start after the gateway. The gateway uses them when a request comes. */
export interface Later {
  aws?: LocalAws;
  broker?: Broker;
  https?: DeviceHttps;
  functions?: FunctionHost;
  apis?: HttpApiHost;
  scheduler?: Scheduler;
  stack?: RunningStack;
}

export async function createBase(options: BaseOptions): Promise<Base> {
  const later: Later = {};
  // `npm test` asks for this: what each role has and uses (scripts/check-role-use.ts).
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

export function started<T>(server: T | undefined, name: string): T {
  if (server === undefined)
    throw new Error(`${name} is needed before it has started: see the order in local/servers.ts`);
  return server;
}
