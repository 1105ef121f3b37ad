import * as z from 'zod/mini';
import type { IotRegistry } from '../registry';
import type { ThingType } from '../state';
import { saveTags } from '../tags';
import { findThingType } from '../thing-types';
import {
  type IotCall,
  type IotRoute,
  paginate,
  readBody,
  readParam,
  routesAt,
  Tags,
  toSeconds,
} from './route';

const CreateThingType = z.object({
  thingTypeProperties: z.exactOptional(
    z.object({
      thingTypeDescription: z.exactOptional(z.string()),
      searchableAttributes: z.exactOptional(z.array(z.string())),
    }),
  ),
  tags: z.exactOptional(Tags),
});
const Deprecate = z.object({ undoDeprecate: z._default(z.boolean(), false) });

function describeType(type: ThingType) {
  const { thingTypeName, thingTypeArn, description, searchableAttributes, createdAt, deprecatedAt } = type;
  return {
    thingTypeName,
    thingTypeArn,
    thingTypeProperties: { thingTypeDescription: description, searchableAttributes },
    thingTypeMetadata: {
      deprecated: deprecatedAt !== undefined,
      ...(deprecatedAt === undefined ? {} : { deprecationDate: toSeconds(deprecatedAt) }),
      creationDate: toSeconds(createdAt),
    },
  };
}

function createType(registry: IotRegistry, call: IotCall) {
  const { thingTypeProperties, tags } = readBody(CreateThingType, call);
  const type = registry.thingTypes.create(readParam(call, 'thingTypeName'), thingTypeProperties);
  saveTags(registry.state, type.thingTypeArn, tags);
  return {
    thingTypeName: type.thingTypeName,
    thingTypeArn: type.thingTypeArn,
    thingTypeId: type.thingTypeId,
  };
}

function listTypes(registry: IotRegistry, call: IotCall) {
  const name = call.query.get('thingTypeName');
  const types = [...registry.state.thingTypes.values()].filter(
    ({ thingTypeName }) => name === null || thingTypeName === name,
  );
  const page = paginate(call, 'token', types, ({ thingTypeName }) => thingTypeName);
  return { thingTypes: page.items.map(describeType), ...page.next };
}

export function thingTypeRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state, thingTypes } = registry;
  const readName = (call: IotCall) => readParam(call, 'thingTypeName');
  const type = routesAt('/thing-types/{thingTypeName}', (call) => [
    state.arns.build('thingtype', readName(call)),
  ]);
  return [
    type('CreateThingType', 'POST', (call) => createType(registry, call)),
    type('DescribeThingType', 'GET', (call) => {
      const found = findThingType(state, readName(call));
      return { thingTypeId: found.thingTypeId, ...describeType(found) };
    }),
    type('DeleteThingType', 'DELETE', (call) => {
      thingTypes.delete(readName(call));
      return {};
    }),
    type(
      'DeprecateThingType',
      'POST',
      (call) => {
        thingTypes.deprecate(readName(call), readBody(Deprecate, call).undoDeprecate);
        return {};
      },
      '/deprecate',
    ),
    routesAt('/thing-types')('ListThingTypes', 'GET', (call) => listTypes(registry, call)),
  ];
}
