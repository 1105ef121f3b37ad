export interface RouteMatch<R> {
  readonly route: R;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request: one that matches literally comes before one with `{variables}`, and that before one with
 * a greedy `{variable+}` (apigateway/latest/developerguide/http-api-develop-routes.html). Segments are compared as sent
 * and their values decoded after, so that a `%2F` in a name makes no new segment.
 */
export function matchRoute<R extends { readonly routeKey: string }>(
  routes: readonly R[],
  method: string,
  path: string,
): RouteMatch<R> | undefined {
  const found = routes.flatMap((route) => {
    const [verb, pattern = ''] = route.routeKey.split(' ');
    const pathParameters = verb === method || verb === 'ANY' ? matchPath(pattern, path) : undefined;
    return pathParameters ? [{ route, pathParameters }] : [];
  });
  const rank = ({ route, pathParameters }: RouteMatch<R>) =>
    route.routeKey.endsWith('+}') ? Number.POSITIVE_INFINITY : Object.keys(pathParameters).length;
  return found.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1))[0];
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const expected = pattern.split('/');
  const given = path.split('/');
  const greedy = /^\{([\w.-]+)\+\}$/.exec(expected.at(-1) ?? '')?.[1];
  if (greedy !== undefined) {
    // Whether AWS lets it match nothing is not documented: here it doesn't.
    const rest = given.splice(expected.length - 1).join('/');
    const values = rest === '' ? undefined : matchSegments(expected.slice(0, -1), given);
    return values && { ...values, [greedy]: decodePath(rest) };
  }
  return matchSegments(expected, given);
}

function matchSegments(
  expected: readonly string[],
  given: readonly string[],
): Record<string, string> | undefined {
  if (expected.length !== given.length) return undefined;
  const values: Record<string, string> = {};
  for (const [index, segment] of expected.entries()) {
    const text = given[index] ?? '';
    const variable = /^\{([\w.-]+)\}$/.exec(segment)?.[1];
    if (variable === undefined ? segment !== text : text === '') return undefined;
    if (variable !== undefined) values[variable] = decodePath(text);
  }
  return values;
}

/** Gives a path that can't be decoded unchanged. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
