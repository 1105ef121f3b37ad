import { randomUUID } from 'node:crypto';
import { alreadyExists, IotServiceError, invalid, notFound } from './errors';
import { requireName } from './names';
import type { IotState, Thing, ThingPrincipalType } from './state';
import { requireThingType } from './thing-types';

const ATTRIBUTE_VALUE = /^[a-zA-Z0-9_.,@/:#=[\]-]{0,800}$/;
/** Quotas of the General Reference: a thing without a type has room for three attributes. */
const MAX_ATTRIBUTES_UNTYPED = 3;
const MAX_ATTRIBUTES = 50;

export interface AttributePayload {
  readonly attributes?: Readonly<Record<string, string>>;
}

interface ThingSettings {
  readonly thingTypeName?: string;
  readonly attributePayload?: AttributePayload;
}

export interface ThingStore {
  create(thingName: string, settings?: ThingSettings): Thing;
  delete(thingName: string, expectedVersion?: number): void;
  attachPrincipal(thingName: string, principal: string, type?: ThingPrincipalType): void;
  detachPrincipal(thingName: string, principal: string): void;
}

export function findThing(state: IotState, thingName: string): Thing {
  const thing = state.things.get(thingName);
  if (!thing) throw notFound(`Thing ${thingName} cannot be found.`);
  return thing;
}

/** Throws if the caller's view is out of date. */
export function checkVersion(kind: string, actual: number, expected: number | undefined): void {
  if (expected === undefined || expected === actual) return;
  throw new IotServiceError(
    'VersionConflictException',
    `The expected version ${expected} of the ${kind} does not match its version ${actual}.`,
  );
}

export function readAttributes({ attributes = {} }: AttributePayload = {}): Readonly<Record<string, string>> {
  for (const [name, value] of Object.entries(attributes)) {
    requireName('attributeName', name);
    if (!ATTRIBUTE_VALUE.test(value)) throw invalid(`Invalid value of attribute ${name}.`);
  }
  if (Object.keys(attributes).length > MAX_ATTRIBUTES)
    throw invalid(`More than ${MAX_ATTRIBUTES} attributes.`);
  return attributes;
}

function checkAttributeQuota(thing: Thing): Thing {
  if (!thing.thingTypeName && Object.keys(thing.attributes).length > MAX_ATTRIBUTES_UNTYPED) {
    throw invalid(`A thing without a thing type has at most ${MAX_ATTRIBUTES_UNTYPED} attributes.`);
  }
  return thing;
}

/** Equal as AWS compares a repeated create: the order of the attributes does not count. */
export function equalAttributes(
  a: Readonly<Record<string, string>>,
  b: Readonly<Record<string, string>>,
): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

function createThing(state: IotState, thingName: string, settings: ThingSettings): Thing {
  requireName('thingName', thingName);
  const typeName = settings.thingTypeName;
  const thing = checkAttributeQuota({
    thingName,
    thingId: randomUUID(),
    thingArn: state.arns.build('thing', thingName),
    ...(typeName === undefined ? {} : { thingTypeName: requireName('thingTypeName', typeName) }),
    attributes: readAttributes(settings.attributePayload),
    version: 1,
  });
  const existing = state.things.get(thingName);
  if (existing) {
    // CreateThing with the same configuration succeeds (API reference).
    if (existing.thingTypeName === typeName && equalAttributes(existing.attributes, thing.attributes)) {
      return existing;
    }
    throw alreadyExists(
      `Thing ${thingName} already exists in account with different attributes`,
      thingName,
      existing.thingArn,
    );
  }
  if (typeName !== undefined) requireThingType(state, typeName);
  state.things.set(thingName, thing);
  state.changed();
  return thing;
}

function deleteThing(state: IotState, thingName: string, expectedVersion: number | undefined): void {
  const thing = state.things.get(thingName);
  // "Returns successfully ... or you specify a thing that doesn't exist" (API reference).
  if (!thing) return;
  checkVersion('thing', thing.version, expectedVersion);
  if ((state.principals.get(thingName)?.size ?? 0) > 0 || state.detachments.holds(thing.thingArn)) {
    throw invalid(`Thing ${thingName} cannot be deleted while attached to principal(s).`);
  }
  state.things.delete(thingName);
  state.memberships.delete(thingName);
  state.principals.delete(thingName);
  state.changed();
}

function attachPrincipal(
  state: IotState,
  thingName: string,
  principal: string,
  type: ThingPrincipalType,
): void {
  findThing(state, thingName);
  const certificateId = state.arns.idOf('cert', principal);
  if (certificateId === undefined) throw invalid(`Invalid principal: ${principal}`);
  if (!state.certificates.has(certificateId)) throw notFound(`Certificate ${certificateId} cannot be found.`);
  const others = [...state.principals].filter(([name, held]) => name !== thingName && held.has(principal));
  const heldExclusively = others.some(([, held]) => held.get(principal) === 'EXCLUSIVE_THING');
  if (heldExclusively || (type === 'EXCLUSIVE_THING' && others.length > 0)) {
    throw invalid('An exclusive principal can be attached to one thing only.');
  }
  const held = state.principals.get(thingName) ?? new Map<string, ThingPrincipalType>();
  if (held.get(principal) === type) return;
  held.set(principal, type);
  state.principals.set(thingName, held);
  state.changed();
}

export function createThingStore(state: IotState): ThingStore {
  return {
    create: (thingName, settings = {}) => createThing(state, thingName, settings),
    delete: (thingName, expectedVersion) => deleteThing(state, thingName, expectedVersion),
    attachPrincipal: (thingName, principal, type = 'NON_EXCLUSIVE_THING') =>
      attachPrincipal(state, thingName, principal, type),
    detachPrincipal(thingName, principal) {
      const { thingArn } = findThing(state, thingName);
      if (!state.principals.get(thingName)?.delete(principal)) {
        throw notFound(`Principal ${principal} is not attached to thing ${thingName}.`);
      }
      for (const arn of [thingArn, principal]) state.detachments.note(arn);
      state.changed();
    },
  };
}
