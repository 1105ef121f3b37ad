import * as z from 'zod/mini';
import { invalid } from '../errors';
import { requireName } from '../names';
import type { IotRegistry } from '../registry';
import type { Thing, ThingPrincipalType } from '../state';
import { findThing } from '../things';
import { type IotCall, type IotRoute, paginate, readBody, readFlag, readParam, readVersion } from './route';

export const AttributePayload = z.object({
  attributes: z.exactOptional(z.record(z.string(), z.string())),
  merge: z.exactOptional(z.boolean()),
});

const CreateThing = z.object({
  thingTypeName: z.exactOptional(z.string()),
  attributePayload: z.exactOptional(AttributePayload),
});

const UpdateThing = z.extend(CreateThing, {
  removeThingType: z.exactOptional(z.boolean()),
  expectedVersion: z.exactOptional(z.number()),
});

const PRINCIPAL_TYPES: readonly string[] = ['EXCLUSIVE_THING', 'NON_EXCLUSIVE_THING'];

export function readThingName(call: IotCall): string {
  return requireName('thingName', call.params.thingName);
}

function readPrincipal(call: IotCall): string {
  const principal = call.headers['x-amzn-principal'];
  if (!principal) throw invalid('The principal is missing.');
  return principal;
}

function readPrincipalType(call: IotCall): ThingPrincipalType | undefined {
  const type = call.query.get('thingPrincipalType');
  if (type === null) return undefined;
  if (!PRINCIPAL_TYPES.includes(type)) throw invalid(`Unknown thingPrincipalType ${type}.`);
  return type as ThingPrincipalType;
}

function describeThing({ thingName, thingId, thingArn, thingTypeName, attributes, version }: Thing) {
  return { defaultClientId: thingName, thingName, thingId, thingArn, thingTypeName, attributes, version };
}

function listThings(registry: IotRegistry, call: IotCall) {
  const name = call.query.get('attributeName');
  const value = call.query.get('attributeValue');
  const typeName = call.query.get('thingTypeName');
  const byPrefix = readFlag(call, 'usePrefixAttributeValue', false);
  if (value !== null && name === null) throw invalid('attributeValue needs attributeName.');
  const hasAttribute = (thing: Thing): boolean => {
    if (name === null) return true;
    const actual = thing.attributes[name];
    if (actual === undefined || value === null) return actual !== undefined;
    return byPrefix ? actual.startsWith(value) : actual === value;
  };
  const things = [...registry.state.things.values()].filter(
    (thing) => hasAttribute(thing) && (typeName === null || thing.thingTypeName === typeName),
  );
  const page = paginate(call, 'token', things, (thing) => thing.thingName);
  return {
    things: page.items.map(({ thingName, thingTypeName, thingArn, attributes, version }) => ({
      thingName,
      thingTypeName,
      thingArn,
      attributes,
      version,
    })),
    ...page.next,
  };
}

function pageThingPrincipals(registry: IotRegistry, call: IotCall) {
  const { thingName } = findThing(registry.state, readThingName(call));
  const wanted = readPrincipalType(call);
  const held = [...(registry.state.principals.get(thingName) ?? [])].map(
    ([principal, thingPrincipalType]) => ({
      principal,
      thingPrincipalType,
    }),
  );
  const matching = held.filter((entry) => wanted === undefined || entry.thingPrincipalType === wanted);
  return paginate(call, 'token', matching, (entry) => entry.principal);
}

function pagePrincipalThings(registry: IotRegistry, call: IotCall) {
  const wanted = readPrincipalType(call);
  const things = registry
    .thingsOfPrincipal(readPrincipal(call))
    .map(({ thing, type }) => ({ thingName: thing.thingName, thingPrincipalType: type }))
    .filter((entry) => wanted === undefined || entry.thingPrincipalType === wanted);
  return paginate(call, 'token', things, (entry) => entry.thingName);
}

function registryRoutes(registry: IotRegistry): readonly IotRoute[] {
  const path = '/things/{thingName}';
  const resources = (call: IotCall) => [registry.state.arns.build('thing', readParam(call, 'thingName'))];
  return [
    {
      operation: 'CreateThing',
      method: 'POST',
      path,
      resources,
      run(call) {
        const thing = registry.things.create(readThingName(call), readBody(CreateThing, call));
        return { thingName: thing.thingName, thingArn: thing.thingArn, thingId: thing.thingId };
      },
    },
    {
      operation: 'DescribeThing',
      method: 'GET',
      path,
      resources,
      run: (call) => describeThing(findThing(registry.state, readThingName(call))),
    },
    {
      operation: 'UpdateThing',
      method: 'PATCH',
      path,
      resources,
      run(call) {
        registry.things.update(readThingName(call), readBody(UpdateThing, call));
        return {};
      },
    },
    {
      operation: 'DeleteThing',
      method: 'DELETE',
      path,
      resources,
      run(call) {
        registry.things.delete(readThingName(call), readVersion(call));
        return {};
      },
    },
    { operation: 'ListThings', method: 'GET', path: '/things', run: (call) => listThings(registry, call) },
  ];
}

function attachmentRoutes(registry: IotRegistry): readonly IotRoute[] {
  const path = '/things/{thingName}/principals';
  return [
    {
      operation: 'AttachThingPrincipal',
      method: 'PUT',
      path,
      run(call) {
        registry.things.attachPrincipal(readThingName(call), readPrincipal(call), readPrincipalType(call));
        return {};
      },
    },
    {
      operation: 'DetachThingPrincipal',
      method: 'DELETE',
      path,
      run(call) {
        registry.things.detachPrincipal(readThingName(call), readPrincipal(call));
        return {};
      },
    },
  ];
}

function principalListRoutes(registry: IotRegistry): readonly IotRoute[] {
  const resources = (call: IotCall) => [registry.state.arns.build('thing', readParam(call, 'thingName'))];
  return [
    {
      operation: 'ListThingPrincipals',
      method: 'GET',
      path: '/things/{thingName}/principals',
      resources,
      run(call) {
        const page = pageThingPrincipals(registry, call);
        return { principals: page.items.map(({ principal }) => principal), ...page.next };
      },
    },
    {
      operation: 'ListThingPrincipalsV2',
      method: 'GET',
      path: '/things/{thingName}/principals-v2',
      resources,
      run(call) {
        const page = pageThingPrincipals(registry, call);
        return { thingPrincipalObjects: page.items, ...page.next };
      },
    },
    {
      operation: 'ListPrincipalThings',
      method: 'GET',
      path: '/principals/things',
      run(call) {
        const page = pagePrincipalThings(registry, call);
        return { things: page.items.map(({ thingName }) => thingName), ...page.next };
      },
    },
    {
      operation: 'ListPrincipalThingsV2',
      method: 'GET',
      path: '/principals/things-v2',
      run(call) {
        const page = pagePrincipalThings(registry, call);
        return { principalThingObjects: page.items, ...page.next };
      },
    },
  ];
}

export function thingRoutes(registry: IotRegistry): readonly IotRoute[] {
  return [...registryRoutes(registry), ...attachmentRoutes(registry), ...principalListRoutes(registry)];
}
