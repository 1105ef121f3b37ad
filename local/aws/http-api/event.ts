import type { AwsIdentity } from '../../types';
import { decodePath } from './match-route';

/** One request, whole. */
export interface HttpApiRequest {
  readonly method: string;
  /** The path as it was sent, without the query. */
  readonly path: string;
  readonly rawQuery: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface EventContext {
  readonly identity: AwsIdentity;
  readonly apiId: string;
  readonly routeKey: string;
  readonly pathParameters: Readonly<Record<string, string>>;
  readonly authorizer: Readonly<Record<string, unknown>> | undefined;
  readonly requestId: string;
  readonly now: number;
}

/** The event of payload format 2.0 (apigateway/latest/developerguide/http-api-develop-integrations-lambda.html). */
export function buildEvent(request: HttpApiRequest, context: EventContext): Record<string, unknown> {
  const { method, rawQuery, headers, body } = request;
  const { cookie, ...others } = headers;
  const query = joinRepeated(new URLSearchParams(rawQuery));
  const isText = isTextual(headers['content-type']);
  return {
    version: '2.0',
    routeKey: context.routeKey,
    // Decoded, unlike a REST API's or a function URL's (measured on AWS: middleapi/standard-server, pull request 93).
    rawPath: decodePath(request.path),
    rawQueryString: rawQuery,
    ...(cookie !== undefined && { cookies: cookie.split(/; */) }),
    headers: others,
    ...(Object.keys(query).length > 0 && { queryStringParameters: query }),
    ...(Object.keys(context.pathParameters).length > 0 && { pathParameters: context.pathParameters }),
    requestContext: describeContext(method, decodePath(request.path), headers, context),
    ...(body.length > 0 && { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

function describeContext(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  { identity, apiId, routeKey, authorizer, requestId, now }: EventContext,
): Record<string, unknown> {
  return {
    accountId: identity.accountId,
    apiId,
    ...(authorizer && { authorizer }),
    domainName: headers.host ?? '',
    domainPrefix: apiId,
    http: {
      method,
      path,
      protocol: 'HTTP/1.1',
      sourceIp: '127.0.0.1',
      userAgent: headers['user-agent'] ?? '',
    },
    requestId,
    routeKey,
    stage: '$default',
    time: new Date(now).toUTCString(),
    timeEpoch: now,
  };
}

/** Duplicates are joined by commas. */
function joinRepeated(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries([...new Set(query.keys())].map((name) => [name, query.getAll(name).join(',')]));
}

/** Text and JSON are handed on as they are; all the rest, forms among it, as base64. */
function isTextual(contentType = 'text/plain'): boolean {
  return /^(text\/|application\/(json|javascript|xml|[\w.-]+\+(json|xml))\b)/i.test(contentType);
}
