import * as z from 'zod/mini';
import { invalid } from '../errors';
import { requireName } from '../names';
import type { IotRegistry } from '../registry';
import type { Thing, ThingPrincipalType } from '../state';
import { findThing } from '../things';
import {
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readFlag,
  readParam,
  readVersion,
  routesAt,
} from './route';

export const AttributePayload = z.object({
  attributes: z.exactOptional(z.record(z.string(), z.string())),
});

const CreateThing = z.object({
  thingTypeName: z.exactOptional(z.string()),
  attributePayload: z.exactOptional(AttributePayload),
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

function createThing(registry: IotRegistry, call: IotCall) {
  const thing = registry.things.create(readThingName(call), readBody(CreateThing, call));
  return { thingName: thing.thingName, thingArn: thing.thingArn, thingId: thing.thingId };
}

function principalRoutes(registry: IotRegistry, ofThing: IotRoute['resources']): readonly IotRoute[] {
  const { attachPrincipal, detachPrincipal } = registry.things;
  // IAM knows no resource type for attaching a principal.
  const change = routesAt('/things/{thingName}/principals');
  const list = routesAt('/things/{thingName}/principals', ofThing);
  const things = routesAt('/principals/things', (call) => [readPrincipal(call)]);
  return [
    change('AttachThingPrincipal', 'PUT', (call) =>
      attachPrincipal(readThingName(call), readPrincipal(call), readPrincipalType(call)),
    ),
    change('DetachThingPrincipal', 'DELETE', (call) =>
      detachPrincipal(readThingName(call), readPrincipal(call)),
    ),
    list('ListThingPrincipals', 'GET', (call) => {
      const page = pageThingPrincipals(registry, call);
      return { principals: page.items.map(({ principal }) => principal), ...page.next };
    }),
    list(
      'ListThingPrincipalsV2',
      'GET',
      (call) => {
        const page = pageThingPrincipals(registry, call);
        return { thingPrincipalObjects: page.items, ...page.next };
      },
      '-v2',
    ),
    things('ListPrincipalThings', 'GET', (call) => {
      const page = pagePrincipalThings(registry, call);
      return { things: page.items.map(({ thingName }) => thingName), ...page.next };
    }),
  ];
}

export function thingRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, things } = registry;
  const ofThing = (call: IotCall) => [state.arns.build('thing', readParam(call, 'thingName'))];
  const route = routesAt('/things/{thingName}', ofThing);
  return [
    route('CreateThing', 'POST', (call) => createThing(registry, call)),
    route('DescribeThing', 'GET', (call) => describeThing(findThing(state, readThingName(call)))),
    route('DeleteThing', 'DELETE', (call) => things.delete(readThingName(call), readVersion(call))),
    routesAt('/things')('ListThings', 'GET', (call) => listThings(registry, call)),
    ...principalRoutes(registry, ofThing),
  ];
}
