import { randomUUID } from 'node:crypto';
import { IotServiceError, invalid, notFound } from './errors';
import { requireName } from './names';
import type { IotState, ThingType } from './state';

/** "You must wait five minutes after deprecating a thing type" before it can be deleted (developer guide). */
const DELETION_WAIT_MS = 5 * 60 * 1000;
const MAX_SEARCHABLE = 3;

interface ThingTypeProperties {
  readonly thingTypeDescription?: string;
  readonly searchableAttributes?: readonly string[];
}

export interface ThingTypeStore {
  create(thingTypeName: string, properties?: ThingTypeProperties): ThingType;
  deprecate(thingTypeName: string, undo: boolean): void;
  delete(thingTypeName: string): void;
}

export function findThingType(state: IotState, thingTypeName: string): ThingType {
  const type = state.thingTypes.get(thingTypeName);
  if (!type) throw notFound(`Thing type ${thingTypeName} cannot be found.`);
  return type;
}

/** The type a thing is about to get must exist, and "new things cannot be associated with a deprecated thing type". */
export function requireThingType(state: IotState, thingTypeName: string): void {
  const type = findThingType(state, requireName('thingTypeName', thingTypeName));
  if (type.deprecatedAt !== undefined) throw invalid(`Thing type ${thingTypeName} is deprecated.`);
}

function createThingType(state: IotState, thingTypeName: string, properties: ThingTypeProperties) {
  requireName('thingTypeName', thingTypeName);
  const { thingTypeDescription: description, searchableAttributes = [] } = properties;
  if ((description?.length ?? 0) > 2028) throw invalid('The description is too long.');
  if (searchableAttributes.length > MAX_SEARCHABLE) {
    throw invalid(`A thing type has at most ${MAX_SEARCHABLE} searchable attributes.`);
  }
  for (const name of searchableAttributes) requireName('attributeName', name);
  const existing = state.thingTypes.get(thingTypeName);
  if (existing) {
    const isSame =
      existing.description === description &&
      JSON.stringify(existing.searchableAttributes) === JSON.stringify(searchableAttributes);
    if (isSame) return existing;
    throw new IotServiceError(
      'ResourceAlreadyExistsException',
      `Thing type ${thingTypeName} already exists with different properties.`,
      { resourceId: thingTypeName, resourceArn: existing.thingTypeArn },
    );
  }
  const type: ThingType = {
    thingTypeName,
    thingTypeId: randomUUID(),
    thingTypeArn: state.arns.build('thingtype', thingTypeName),
    ...(description === undefined ? {} : { description }),
    searchableAttributes,
    createdAt: state.now(),
  };
  state.thingTypes.set(thingTypeName, type);
  state.changed();
  return type;
}

function deleteThingType(state: IotState, thingTypeName: string): void {
  const { deprecatedAt } = findThingType(state, thingTypeName);
  if (deprecatedAt === undefined) throw invalid(`Thing type ${thingTypeName} is not deprecated.`);
  if (state.now() - deprecatedAt < DELETION_WAIT_MS) {
    throw invalid(`Thing type ${thingTypeName} was deprecated less than five minutes ago.`);
  }
  if ([...state.things.values()].some((thing) => thing.thingTypeName === thingTypeName)) {
    throw invalid(`Thing type ${thingTypeName} is still the type of a thing.`);
  }
  state.thingTypes.delete(thingTypeName);
  state.changed();
}

export function createThingTypeStore(state: IotState): ThingTypeStore {
  return {
    create: (thingTypeName, properties = {}) => createThingType(state, thingTypeName, properties),
    deprecate(thingTypeName, undo) {
      const { deprecatedAt, ...type } = findThingType(state, thingTypeName);
      const since = undo ? undefined : (deprecatedAt ?? state.now());
      if (since === deprecatedAt) return;
      state.thingTypes.set(thingTypeName, {
        ...type,
        ...(since === undefined ? {} : { deprecatedAt: since }),
      });
      state.changed();
    },
    delete: (thingTypeName) => deleteThingType(state, thingTypeName),
  };
}
