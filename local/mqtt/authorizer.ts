import { connectionContext, effectiveStatements, evaluateIotPolicy } from '../iot/evaluate';
import { normaliseKey, type PolicyContext } from '../iot/policy-pattern';
import type { IotRegistry } from '../iot/registry';
import { createPolicyCache } from './policy-cache';

interface Connection {
  readonly clientId: string;
  readonly certificateId: string;
  readonly sourceIp: string;
}

export type IotAction = 'iot:Connect' | 'iot:Publish' | 'iot:RetainPublish' | 'iot:Receive' | 'iot:Subscribe';

export interface Authorizer {
  isAllowed(connection: Connection, action: IotAction, name: string): boolean;
  /** The thing that policy variables of this connection mean. */
  thingNameOf(connection: Connection): string | undefined;
  noteChange(): void;
  setDelaySeconds(seconds: number): void;
}

const RESOURCE_TYPES: Readonly<Record<IotAction, 'client' | 'topic' | 'topicfilter'>> = {
  'iot:Connect': 'client',
  'iot:Publish': 'topic',
  'iot:RetainPublish': 'topic',
  'iot:Receive': 'topic',
  'iot:Subscribe': 'topicfilter',
};

export function createAuthorizer(registry: IotRegistry, delaySeconds: number, now: () => number): Authorizer {
  const contexts = new WeakMap<Connection, { readonly version: number; readonly context: PolicyContext }>();
  const cache = createPolicyCache({
    compute: (subject) => effectiveStatements(registry, subject),
    version: () => registry.version(),
    delaySeconds,
    now,
  });

  /** Kept while the registry is unchanged, as each publish and each delivery asks for it. */
  function contextOf(connection: Connection): PolicyContext {
    const known = contexts.get(connection);
    const version = registry.version();
    if (known?.version === version) return known.context;
    const context = connectionContext(registry, connection);
    contexts.set(connection, { version, context });
    return context;
  }

  return {
    isAllowed(connection, action, name) {
      const { certificateId, clientId } = connection;
      const { decision } = evaluateIotPolicy(cache.statementsOf({ certificateId, clientId }), {
        action,
        resource: `${registry.state.arns.prefix}${RESOURCE_TYPES[action]}/${name}`,
        context: contextOf(connection),
      });
      return decision === 'ALLOWED';
    },
    thingNameOf: (connection) => contextOf(connection).get(normaliseKey('iot:Connection.Thing.ThingName')),
    noteChange: () => cache.noteChange(),
    setDelaySeconds: (seconds) => cache.setDelaySeconds(seconds),
  };
}
