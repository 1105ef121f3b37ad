import { type ConnectionContext, connectionContext } from '../iot/connection-context';
import { effectiveStatements, groupStatements } from '../iot/effective-policies';
import { evaluateIotPolicy } from '../iot/evaluate-iot-policy';
import type { IotRegistry } from '../iot/registry';
import { normalizeKey } from '../policy/variables';
import { createPolicyCache } from './policy-cache';

/** An MQTT connection, or one of HTTPS, which has no client id. */
interface Connection {
  readonly clientId?: string;
  readonly certificateId: string;
  readonly sourceIp: string;
}

export type MqttAction =
  | 'iot:Connect'
  | 'iot:Publish'
  | 'iot:RetainPublish'
  | 'iot:Receive'
  | 'iot:Subscribe';

export interface Authorizer {
  isAllowed(connection: Connection, action: MqttAction, name: string): boolean;
  /** The same for any action and resource: `thing/NAME`, or `*` if the action has no resource. */
  isAllowedOn(
    connection: Connection,
    action: string,
    resource: string,
    conditionKeys?: Readonly<Record<string, string>>,
  ): boolean;
  /** The thing that policy variables of this connection mean. */
  thingNameOf(connection: Connection): string | undefined;
  noteChange(): void;
  setDelaySeconds(seconds: number): void;
}

const RESOURCE_TYPES: Readonly<Record<MqttAction, 'client' | 'topic' | 'topicfilter'>> = {
  'iot:Connect': 'client',
  'iot:Publish': 'topic',
  'iot:RetainPublish': 'topic',
  'iot:Receive': 'topic',
  'iot:Subscribe': 'topicfilter',
};

export function createAuthorizer(registry: IotRegistry, delaySeconds: number, now: () => number): Authorizer {
  const contexts = new WeakMap<
    Connection,
    { readonly version: number; readonly context: ConnectionContext }
  >();
  const cache = createPolicyCache({
    // A certificate's own policies are cached once for all its client ids, so a new client id does not get fresh ones.
    compute: ({ certificateId, clientId }) =>
      clientId === undefined
        ? effectiveStatements(registry, { certificateId })
        : groupStatements(registry, { certificateId, clientId }),
    version: () => registry.version(),
    delaySeconds,
    now,
  });

  /** Kept while the registry is unchanged, as each publish and each delivery asks for it. */
  function contextOf(connection: Connection): ConnectionContext {
    const known = contexts.get(connection);
    const version = registry.version();
    if (known?.version === version) return known.context;
    const context = connectionContext(registry, connection);
    contexts.set(connection, { version, context });
    return context;
  }

  function isAllowedOn(
    connection: Connection,
    action: string,
    resource: string,
    conditionKeys: Readonly<Record<string, string>> = {},
  ): boolean {
    const { certificateId, clientId } = connection;
    const own = Object.entries(conditionKeys).map(([key, value]): [string, string] => [
      normalizeKey(key),
      value,
    ]);
    const context = contextOf(connection);
    const { decision } = evaluateIotPolicy(
      [
        ...cache.statementsOf({ certificateId }),
        ...(clientId === undefined ? [] : cache.statementsOf({ certificateId, clientId })),
      ],
      {
        action,
        resource: resource === '*' ? '*' : `${registry.state.arns.prefix}${resource}`,
        context: own.length === 0 ? context : new Map([...context, ...own]),
      },
    );
    return decision === 'ALLOWED';
  }

  return {
    isAllowed: (connection, action, name) =>
      isAllowedOn(connection, action, `${RESOURCE_TYPES[action]}/${name}`),
    isAllowedOn,
    thingNameOf: (connection) => contextOf(connection).get(normalizeKey('iot:Connection.Thing.ThingName')),
    noteChange: () => cache.noteChange(),
    setDelaySeconds: (seconds) => cache.setDelaySeconds(seconds),
  };
}
