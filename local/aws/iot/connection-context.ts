import { normalizeKey } from '../policy/variables';
import { type ConnectionIdentity, findExclusiveThing } from './effective-policies';
import type { IotRegistry } from './registry';
import type { Thing } from './state';

/** Values of policy variables and condition keys of a connection. */
export type ConnectionContext = ReadonlyMap<string, string>;

/** The thing of a connection: the certificate's exclusive thing, or the attached thing whose name is the client id. */
function findThingOfConnection(
  registry: IotRegistry,
  { certificateId, clientId }: ConnectionIdentity,
): Thing | undefined {
  const attached = registry.thingsOfPrincipal(registry.state.arns.build('cert', certificateId));
  return (
    findExclusiveThing(registry, certificateId) ??
    attached.find(({ thing }) => thing.thingName === clientId)?.thing
  );
}

/**
 * Policy variables and condition keys of a connection (IoT developer guide, policy variables). Those of a thing are
 * "only available when a device connects over MQTT": without a client id none of them has a value.
 */
export function connectionContext(registry: IotRegistry, connection: ConnectionIdentity): ConnectionContext {
  const isMqtt = connection.clientId !== undefined;
  const thing = isMqtt ? findThingOfConnection(registry, connection) : undefined;
  const entries: [string, string | undefined][] = [
    ['iot:ClientId', connection.clientId],
    ['aws:SourceIp', connection.sourceIp],
    ['iot:Connection.Thing.IsAttached', isMqtt ? String(thing !== undefined) : undefined],
    ['iot:Connection.Thing.ThingName', thing?.thingName],
    ['iot:Connection.Thing.ThingTypeName', thing?.thingTypeName],
    ...Object.entries(thing?.attributes ?? {}).map(([name, value]): [string, string] => [
      `iot:Connection.Thing.Attributes[${name}]`,
      value,
    ]),
  ];
  return new Map(
    entries.flatMap(([key, value]): [string, string][] =>
      value === undefined ? [] : [[normalizeKey(key), value]],
    ),
  );
}
