interface Path {
  readonly method: string;
  /** The path with labels: `/things/{thingName}`. */
  readonly path: string;
}

export interface RouteMatch<R extends Path> {
  readonly route: R;
  /** Still percent-encoded. */
  readonly labels: Readonly<Record<string, string>>;
}

/** Finds the route of a request, looking only at those with as many segments. */
export function indexRoutes<R extends Path>(
  routes: readonly R[],
): (request: Path) => RouteMatch<R> | undefined {
  const shapeOf = (method: string, segments: readonly string[]) => `${method} ${segments.length}`;
  const byShape = new Map<string, { readonly route: R; readonly segments: readonly string[] }[]>();
  for (const route of routes) {
    const segments = route.path.split('/');
    const shape = shapeOf(route.method, segments);
    byShape.set(shape, [...(byShape.get(shape) ?? []), { route, segments }]);
  }
  return ({ method, path }) => {
    const actual = path.split('/');
    for (const { route, segments } of byShape.get(shapeOf(method, actual)) ?? []) {
      const labels = bindPath(segments, actual);
      if (labels) return { route, labels };
    }
    return undefined;
  };
}

/** Binds the labels of a route's path to the segments of a request's, or undefined if they differ. */
function bindPath(
  wanted: readonly string[],
  actual: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const labels: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = actual[index] ?? '';
    if (part.startsWith('{')) {
      if (segment === '') return undefined;
      labels[part.slice(1, -1)] = segment;
    } else if (part !== segment) {
      return undefined;
    }
  }
  return labels;
}
