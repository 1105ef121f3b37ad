import { randomUUID } from 'node:crypto';
import { alreadyExists, invalid, notFound } from './errors';
import { requireName } from './names';
import type { IotState, ThingType } from './state';

const MAX_SEARCHABLE = 3;

interface ThingTypeProperties {
  readonly thingTypeDescription?: string;
  readonly searchableAttributes?: readonly string[];
}

export interface ThingTypeStore {
  create(thingTypeName: string, properties?: ThingTypeProperties): ThingType;
}

/** The type a thing is about to get must exist. */
export function requireThingType(state: IotState, thingTypeName: string): void {
  const type = state.thingTypes.get(requireName('thingTypeName', thingTypeName));
  if (!type) throw notFound(`Thing type ${thingTypeName} cannot be found.`);
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
    throw alreadyExists(
      `Thing type ${thingTypeName} already exists with different properties.`,
      thingTypeName,
      existing.thingTypeArn,
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

export function createThingTypeStore(state: IotState): ThingTypeStore {
  return {
    create: (thingTypeName, properties = {}) => createThingType(state, thingTypeName, properties),
  };
}
