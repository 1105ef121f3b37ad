import * as z from 'zod/mini';
import type { Account } from '../../shared/domain/thing-ref';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  jsonResponse,
  readName,
  readQuery,
  readThing,
} from '../../shared/http';
import type { Clock } from '../../shared/ports';
import type { DatapointPage, DatapointQuery } from '../../shared/storage/detection';

export interface MetricPorts {
  readonly readDatapoints: (query: DatapointQuery) => Promise<DatapointPage>;
  readonly clock: Clock;
  readonly own: Account;
}

/** A Lambda response has at most 6 MB, and a value at most 20 entries of 100 characters. */
const maxLimit = 1_000;
const dayMs = 86_400_000;

const count = (what: string) =>
  z.optional(
    z.pipe(
      z.string().check(z.regex(/^\d{1,15}$/, `expected ${what}`)),
      z.pipe(z.transform(Number), z.number()),
    ),
  );

const query = z.strictObject({
  from: count('a time in epoch ms'),
  to: count('a time in epoch ms'),
  limit: count(`a number from 1 to ${maxLimit}`),
});

/** Values of a thing's metric, oldest first, of the last day or the requested time. */
export async function showMetric(request: HttpRequest, ports: MetricPorts): Promise<HttpAnswer> {
  const thingName = readThing(request, ports.own);
  const metric = readName(request, 'metric');
  const asked = readQuery(request, query);
  const { to = ports.clock(), limit = 500 } = asked;
  const { from = to - dayMs } = asked;
  if (limit < 1 || limit > maxLimit)
    throw new HttpProblem(400, `expected a number from 1 to ${maxLimit}`, 'limit');
  if (from > to) throw new HttpProblem(400, 'expected a time before `to`', 'from');
  const page = await ports.readDatapoints({ thingName, metric, from, to, limit });
  return jsonResponse({ thingName, metric, from, to, ...page });
}
