export interface RouteMatch<R> {
  readonly route: R;
  readonly pathParameters: Readonly<Record<string, string>>;
}

/**
 * Finds the route of a request: one that matches literally comes before one with `{variables}`. Segments are compared
 * as sent and their values decoded after, so that a `%2F` in a name makes no new segment.
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
  const variables = ({ pathParameters }: RouteMatch<R>) => Object.keys(pathParameters).length;
  return found.toSorted((a, b) => variables(a) - variables(b))[0];
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const expected = pattern.split('/');
  const given = path.split('/');
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

/** As it is where it can't be decoded. */
export function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
