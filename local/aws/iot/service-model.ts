import * as sdk from '@aws-sdk/client-iot';
import { indexRoutes } from './find-route';

interface ModelOperation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
}

/** Operations of the installed client: `[9, namespace, name, { http: [method, path, status] }, ...]`. */
export const iotServiceModel: readonly ModelOperation[] = Object.values(sdk).flatMap((schema: unknown) => {
  if (!Array.isArray(schema) || schema[0] !== 9) return [];
  const [method, path] = (schema[3] as { http: [string, string, number] }).http;
  return [{ name: String(schema[2]), method, path: path.split('?')[0] ?? '' }];
});

const findOperation = indexRoutes(iotServiceModel);

/** What AWS IoT calls a request, whether or not it is emulated. */
export function nameIotOperation(request: {
  readonly method: string;
  readonly path: string;
}): string | undefined {
  return findOperation(request)?.route.name;
}
