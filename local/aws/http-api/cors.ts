import type { ApiResponse } from '../../types';
import type { CorsDefinition } from './definitions';
import type { HttpApiRequest } from './event';

/** API Gateway answers a preflight itself, without the function. */
export function answerPreflight(
  { method, headers }: HttpApiRequest,
  cors: CorsDefinition | undefined,
): ApiResponse | undefined {
  if (!cors || method !== 'OPTIONS' || headers['access-control-request-method'] === undefined)
    return undefined;
  return {
    status: 204,
    headers: {
      ...allowOrigin(headers.origin, cors),
      'access-control-allow-methods': cors.allowMethods.join(','),
      'access-control-allow-headers': cors.allowHeaders.join(','),
      ...(cors.maxAgeSeconds !== undefined && { 'access-control-max-age': String(cors.maxAgeSeconds) }),
    },
  };
}

export function allowOrigin(
  origin: string | undefined,
  cors: CorsDefinition | undefined,
): Record<string, string> {
  if (!cors || origin === undefined) return {};
  if (!cors.allowOrigins.includes(origin) && !cors.allowOrigins.includes('*')) return {};
  const { exposeHeaders = [] } = cors;
  return {
    'access-control-allow-origin': origin,
    ...(exposeHeaders.length > 0 && { 'access-control-expose-headers': exposeHeaders.join(',') }),
    vary: 'origin',
  };
}
