import * as z from 'zod/mini';
import { invalid } from '../errors';

/** One request to the control plane with its path taken apart and its body read. */
export interface IotCall {
  /** Labels of the route's path, percent-decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  /** The JSON body, without its null members; undefined if there is none. */
  readonly body: unknown;
}

export interface IotRoute {
  /** Name of the operation, which is also its IAM action. */
  readonly operation: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** The path as in the service model, with labels: `/things/{thingName}`. */
  readonly path: string;
  /** The ARNs IAM is asked about (service authorization reference); none if IAM knows no resource type. */
  readonly resources?: (call: IotCall) => readonly string[];
  /** Gives the response body; undefined leaves it empty. */
  readonly run: (call: IotCall) => unknown;
}

/** Makes the routes of one path that ask IAM about the same resources. */
export function routesAt(path: string, resources?: IotRoute['resources']) {
  return (operation: string, method: IotRoute['method'], run: IotRoute['run'], suffix = ''): IotRoute => ({
    operation,
    method,
    path: `${path}${suffix}`,
    ...(resources ? { resources } : {}),
    run,
  });
}

export const Tags = z.array(z.object({ Key: z.string(), Value: z.string() }));

/** The body, or an InvalidRequestException that names its fault. */
export function readBody<T extends z.ZodMiniType>(schema: T, call: IotCall): z.output<T> {
  const result = z.safeParse(schema, call.body ?? {});
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw invalid(`Invalid value at '${issue?.path.join('.') ?? ''}': ${issue?.message ?? 'not readable'}`);
}

export function readParam(call: IotCall, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw invalid(`${name} is missing.`);
  return value;
}

export function readFlag(call: IotCall, name: string, fallback: boolean): boolean {
  const value = call.query.get(name);
  if (value === null) return fallback;
  if (value === 'true' || value === 'false') return value === 'true';
  throw invalid(`${name} must be true or false.`);
}

export function readVersion(call: IotCall): number | undefined {
  const value = call.query.get('expectedVersion');
  if (value === null) return undefined;
  if (/^\d{1,15}$/.test(value)) return Number(value);
  throw invalid('expectedVersion must be a number.');
}

/** A time of the query: SDKs send ISO 8601 there; epoch seconds are accepted too. */
export function readTime(call: IotCall, name: string): number | undefined {
  const text = call.query.get(name);
  if (text === null) return undefined;
  const at = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text);
  if (Number.isNaN(at)) throw invalid(`${name} must be a time.`);
  return at;
}

/** A range whose both ends are required, as the lists of Device Defender ask for it. */
export function readRange(call: IotCall): { readonly startAt: number; readonly endAt: number } {
  const startAt = readTime(call, 'startTime');
  const endAt = readTime(call, 'endTime');
  if (startAt === undefined || endAt === undefined) throw invalid('startTime and endTime are required.');
  if (startAt > endAt) throw invalid('startTime is after endTime.');
  return { startAt, endAt };
}

export function toSeconds(at: number): number {
  return at / 1000;
}

/** Lists of the registry page by token, older ones by marker: same rule, other names. */
const STYLES = {
  token: { from: 'nextToken', size: 'maxResults', next: 'nextToken' },
  marker: { from: 'marker', size: 'pageSize', next: 'nextMarker' },
} as const;
const MAX_PAGE = 250;
/** The reference gives no default; a small one finds callers that don't page. */
const DEFAULT_PAGE = 25;

interface Page<T> {
  readonly items: readonly T[];
  /** `{ nextToken }` or `{ nextMarker }`, empty on the last page. */
  readonly next: Readonly<Record<string, string>>;
}

function readPageSize(text: string | null, name: string): number {
  if (text === null) return DEFAULT_PAGE;
  const size = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (size < 1 || size > MAX_PAGE) throw invalid(`${name} must be from 1 to ${MAX_PAGE}.`);
  return size;
}

function readCursor(text: string | null, name: string): string | undefined {
  if (text === null) return undefined;
  const decoded = Buffer.from(text, 'base64').toString();
  if (!decoded.startsWith('after:')) throw invalid(`${name} is not valid.`);
  return decoded.slice('after:'.length);
}

/** One page of the items in the order of their keys. The token holds the last key, so changes between pages skip nothing. */
export function paginate<T>(
  call: IotCall,
  style: keyof typeof STYLES,
  items: readonly T[],
  keyOf: (item: T) => string,
  descending = false,
): Page<T> {
  const { from, size, next } = STYLES[style];
  const limit = readPageSize(call.query.get(size), size);
  const cursor = readCursor(call.query.get(from), from);
  const direction = descending ? -1 : 1;
  const compare = (a: string, b: string): number => (a < b ? -direction : a > b ? direction : 0);
  const rest = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => cursor === undefined || compare(key, cursor) > 0)
    .sort((a, b) => compare(a.key, b.key));
  const page = rest.slice(0, limit);
  const last = page.at(-1);
  const hasMore = rest.length > page.length && last !== undefined;
  return {
    items: page.map(({ item }) => item),
    next: hasMore ? { [next]: Buffer.from(`after:${last.key}`).toString('base64') } : {},
  };
}

/** Key that orders by time of creation, then by id. */
export function creationKey(createdAt: number, id: string): string {
  return `${String(createdAt).padStart(16, '0')} ${id}`;
}
