import { createHash } from 'node:crypto';
import type {
  APIGatewayEventRequestContextV2,
  APIGatewayProxyEventV2WithRequestContext,
  APIGatewayProxyStructuredResultV2,
} from 'aws-lambda';
import type * as z from 'zod/mini';
import './domain/schema-language';
import { parseJson } from './domain/json';
import { isRegistryName } from './domain/text';
import { type Account, parseThing, type ThingKey } from './domain/thing-ref';

/** Who called, as API Gateway's authorizers say it; a claim of several values is one text, `[a b]`. */
interface Authorizer {
  readonly iam?: { readonly userArn?: string; readonly userId?: string };
  readonly jwt?: { readonly claims: Readonly<Record<string, unknown>> };
}

/** An event of an HTTP API, payload format 2.0 (API Gateway developer guide). */
export type HttpRequest = APIGatewayProxyEventV2WithRequestContext<
  APIGatewayEventRequestContextV2 & { readonly authorizer?: Authorizer }
>;

export interface HttpAnswer extends APIGatewayProxyStructuredResultV2 {
  /** The content that stays the same while nothing happens, for a body that also has the time of the request. */
  readonly sameAs?: string;
}

/** A problem in place of an answer (RFC 9457). `detail` is for the caller, and has nothing internal. */
export class HttpProblem extends Error {
  override readonly name = 'HttpProblem';
  readonly status: number;
  readonly detail: string;
  /** The field of the request that is at fault. */
  readonly field: string | undefined;

  constructor(status: number, detail: string, field?: string) {
    super('the request is answered with a problem');
    this.status = status;
    this.detail = detail;
    this.field = field;
  }
}

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

const jsonType = 'application/json';

const headers = {
  // A cache must not keep an answer about a case, and a browser must treat it as JSON only.
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
};

/** JSON that is text already. */
export function textResponse(body: string): HttpAnswer {
  return { statusCode: 200, headers: { ...headers, 'content-type': jsonType }, body };
}

export function jsonResponse(value: unknown, statusCode = 200): HttpAnswer {
  return {
    statusCode,
    headers: { ...headers, 'content-type': jsonType },
    body: JSON.stringify(value),
  };
}

/**
 * An answer that can be polled: its tag names its bytes, or what of them counts, and who has them already gets none. A cache
 * must not keep it, so the caller keeps both itself.
 */
export function tagAnswer(
  { headers: asked, routeKey }: HttpRequest,
  { sameAs, ...answer }: HttpAnswer,
): HttpAnswer {
  if (!routeKey.startsWith('GET ') || answer.statusCode !== 200) return answer;
  const hash = createHash('sha256').update(sameAs ?? answer.body ?? '');
  const tag = `"${hash.digest('base64url').slice(0, 22)}"`;
  const etag = sameAs === undefined ? tag : `W/${tag}`;
  const known = (asked['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''));
  if (known.includes(tag)) return { statusCode: 304, headers: { ...headers, etag } };
  return { ...answer, headers: { ...answer.headers, etag } };
}

/**
 * A spreadsheet takes a cell that begins with one of these for a formula, whatever quotes are around it (OWASP, "CSV
 * Injection"): an apostrophe before it makes it text.
 */
const formula = /^[=+\-@\t\r\n]/;

export function csvResponse(rows: readonly (readonly string[])[], next?: string): HttpAnswer {
  const cell = (text: string) => `"${(formula.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  return {
    statusCode: 200,
    headers: {
      ...headers,
      'content-type': 'text/csv; charset=utf-8; header=present',
      'content-disposition': 'attachment; filename="cordon-audit.csv"',
      ...(next !== undefined && { 'x-cordon-next': next }),
    },
    body: rows.map((row) => `${row.map(cell).join(',')}\r\n`).join(''),
  };
}

interface Problem extends Pick<HttpProblem, 'status' | 'detail' | 'field'> {
  readonly retryAfterSeconds?: number;
}

export function problemResponse({ status, detail, field, retryAfterSeconds }: Problem) {
  const problem = { type: 'about:blank', title: titles[status], status, detail, ...(field && { field }) };
  return {
    statusCode: status,
    headers: {
      ...headers,
      'content-type': 'application/problem+json',
      ...(retryAfterSeconds !== undefined && { 'retry-after': String(retryAfterSeconds) }),
    },
    body: JSON.stringify(problem),
  };
}

/** The body as it was sent; API Gateway encodes some media types, forms among them, as base64. */
export function readBody({ body = '', isBase64Encoded }: HttpRequest, maxBytes: number): Buffer {
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length > maxBytes)
    throw new HttpProblem(413, `the body of this route is limited to ${maxBytes} bytes`, 'body');
  return bytes;
}

/** A thing that is part of the path: `NAME`, or `ACCOUNT/REGION/NAME` with its slashes encoded. */
export function readThing({ pathParameters }: HttpRequest, own: Account): ThingKey {
  const thing = parseThing(decode(pathParameters?.thing ?? ''), own);
  if (!thing)
    throw new HttpProblem(
      400,
      'expected a thing name: 1 to 128 of a-z A-Z 0-9 : _ -, but not cordon-heartbeat, or ACCOUNT/REGION/NAME',
      'thing',
    );
  return thing;
}

/** A name of AWS IoT that is part of the path. */
export function readName({ pathParameters }: HttpRequest, field: 'metric'): string {
  const name = decode(pathParameters?.[field] ?? '');
  if (!isRegistryName(name))
    throw new HttpProblem(400, `expected a ${field} name: 1 to 128 of a-z A-Z 0-9 : _ -`, field);
  return name;
}

/** HTTP APIs decode a path before they match it. A thing name has no `%`, so once more does no harm if one doesn't. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function readQuery<T extends z.ZodMiniType>(request: HttpRequest, schema: T): z.output<T> {
  return validate(request.queryStringParameters ?? {}, schema, 'query');
}

/** No body at all counts as an empty object, and no type as JSON. A form or text is refused, whatever is in it. */
export function readJson<T extends z.ZodMiniType>(
  request: HttpRequest,
  maxBytes: number,
  schema: T,
): z.output<T> {
  const body = readBody(request, maxBytes);
  if (body.length > 0 && !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? jsonType))
    throw new HttpProblem(
      415,
      `send the body as JSON, with the header content-type: ${jsonType}`,
      'content-type',
    );
  const value = body.length === 0 ? {} : parseJson(body.toString('utf8'));
  if (value === undefined) throw new HttpProblem(400, 'expected JSON', 'body');
  return validate(value, schema, 'body');
}

function validate<T extends z.ZodMiniType>(value: unknown, schema: T, whole: string): z.output<T> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []), ...(unknown === undefined ? [] : [unknown])].map(String).join('.');
  throw new HttpProblem(
    400,
    unknown === undefined ? (issue?.message ?? 'invalid') : 'is not known',
    field || whole,
  );
}
