import type { ApiResponse } from '../../types';

/** A request to one of the stack's own routes: no SigV4, from this machine only. */
export interface LocalRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export type LocalHandler = (request: LocalRequest) => ApiResponse | Promise<ApiResponse>;

/** Keys are `METHOD /path`; a path that ends in `/*` takes everything below it. */
export type LocalRoutes = Readonly<Record<string, LocalHandler>>;

export function isLocalPath(path: string): boolean {
  return /^\/(_cordon|_slack|console)(\/|$)/.test(path);
}

export function findRoute(routes: LocalRoutes, method: string, path: string): LocalHandler | undefined {
  const exact = `${method} ${path}`;
  if (Object.hasOwn(routes, exact)) return routes[exact];
  const pattern = Object.keys(routes).find((key) => key.endsWith('/*') && exact.startsWith(key.slice(0, -1)));
  return pattern === undefined ? undefined : routes[pattern];
}

/**
 * Says why a request must be refused, or nothing. A page in the user's browser can reach loopback: its name may
 * resolve here (DNS rebinding: the Host is then its own), or it may post across origins (the Origin is).
 */
export function refusalOf(
  headers: Readonly<Record<string, string>>,
  remoteAddress: string | undefined,
): string | undefined {
  if (!remoteAddress || !/^(::1|(::ffff:)?127\.\d+\.\d+\.\d+)$/.test(remoteAddress))
    return `the request comes from ${remoteAddress ?? 'nowhere'}, not from loopback: send it from this machine`;
  if (!isLoopbackUrl(`http://${headers.host ?? ''}`))
    return `the Host ${headers.host ?? ''} is not loopback: use 127.0.0.1 or localhost`;
  const origin = headers.origin;
  return origin === undefined || isLoopbackUrl(origin)
    ? undefined
    : `the Origin ${origin} is not loopback: call from a page of 127.0.0.1 or localhost`;
}

export function jsonResponse(value: unknown, status = 200): ApiResponse {
  return {
    status,
    headers: { 'content-type': 'application/json; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: JSON.stringify(value),
  };
}

function isLoopbackUrl(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, username } = new URL(url);
  return username === '' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname);
}
