import * as z from 'zod/mini';
import type { IotRegistry } from '../registry';
import { saveTags } from '../tags';
import { type IotCall, type IotRoute, readBody, readParam, routesAt, Tags } from './route';

const CreateThingType = z.object({
  thingTypeProperties: z.exactOptional(
    z.object({
      thingTypeDescription: z.exactOptional(z.string()),
      searchableAttributes: z.exactOptional(z.array(z.string())),
    }),
  ),
  tags: z.exactOptional(Tags),
});
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

export function thingTypeRoutes(registry: IotRegistry): readonly IotRoute[] {
  const { state } = registry;
  const readName = (call: IotCall) => readParam(call, 'thingTypeName');
  const type = routesAt('/thing-types/{thingTypeName}', (call) => [
    state.arns.build('thingtype', readName(call)),
  ]);
  return [type('CreateThingType', 'POST', (call) => createType(registry, call))];
}
