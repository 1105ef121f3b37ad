import type { IotRegistry } from '../iot/registry';
import { type DataOperation, type DataRequest, invalidRequest, toError, toJson } from './data-operation';
import { ShadowError, type ShadowId, type ShadowStore } from './shadow';

export interface ShadowPlane {
  readonly registry: IotRegistry;
  readonly shadows: ShadowStore;
  readonly now: () => number;
}

const SHADOW_NAME = /^[$a-zA-Z0-9:_-]{1,64}$/;

/** GetThingShadow, UpdateThingShadow or DeleteThingShadow. */
export function findShadowOperation(
  { registry, shadows, now }: ShadowPlane,
  thingName: string,
  { method, query, body }: DataRequest,
): DataOperation | undefined {
  const shadowName = query.get('name') ?? undefined;
  const id: ShadowId = { thingName, ...(shadowName !== undefined && { shadowName }) };
  const operations: Readonly<Record<string, [string, () => unknown]>> = {
    GET: ['iot:GetThingShadow', () => shadows.get(id)],
    POST: ['iot:UpdateThingShadow', () => shadows.update(id, body, now())],
    DELETE: ['iot:DeleteThingShadow', () => shadows.delete(id, now())],
  };
  const found = Object.hasOwn(operations, method) ? operations[method] : undefined;
  if (!found) return undefined;
  const [action, run] = found;
  return {
    action,
    // "The thing's name, and the shadow's name, if applicable" (AWS IoT Core action resources).
    resource: shadowName === undefined ? `thing/${thingName}` : `thing/${thingName}/${shadowName}`,
    run() {
      if (shadowName !== undefined && !SHADOW_NAME.test(shadowName))
        return invalidRequest('The name of the shadow is not valid');
      return onThing(registry, thingName, run);
    },
  };
}

const MAX_PAGE = 100;
const DEFAULT_PAGE = 25;

/** ListNamedShadowsForThing. */
export function listNamedShadows(
  { registry, shadows, now }: ShadowPlane,
  thingName: string,
  { query }: DataRequest,
): DataOperation {
  return {
    action: 'iot:ListNamedShadowsForThing',
    resource: '*',
    iamResource: `thing/${thingName}`,
    run() {
      const pageSize = Number(query.get('pageSize') ?? DEFAULT_PAGE);
      if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > MAX_PAGE)
        return invalidRequest(`pageSize must be from 1 to ${MAX_PAGE}`);
      const after = query.get('nextToken');
      return onThing(registry, thingName, () => {
        const rest = shadows.listNames(thingName).filter((name) => after === null || name > after);
        const results = rest.slice(0, pageSize);
        const more = rest.length > results.length && { nextToken: results.at(-1) };
        return { results, timestamp: Math.floor(now() / 1000), ...more };
      });
    },
  };
}

function onThing(registry: IotRegistry, thingName: string, run: () => unknown) {
  if (!registry.thing(thingName))
    return toError('ResourceNotFoundException', 404, `Thing ${thingName} cannot be found`);
  try {
    return toJson(run());
  } catch (error) {
    if (error instanceof ShadowError) return toError(error.name, error.status, error.message);
    throw error;
  }
}
