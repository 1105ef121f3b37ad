import * as z from 'zod';
import type { $ZodType } from 'zod/v4/core';
import manifest from '../../package.json' with { type: 'json' };
import { problem } from '../../shared/api/parts';
import { operatorRoutes, type RouteKey } from '../../shared/routes';
import { describeRoutes, type RouteDescription } from './describe-routes';

/** The API as OpenAPI 3.1, from the schemas that requests are read with and that tests hold answers against. */
export function writeOpenApi() {
  const described = describeRoutes();
  const paths: Record<string, Record<string, object>> = {};
  for (const key of operatorRoutes) {
    const [method = '', path = ''] = key.split(' ');
    paths[path] = { ...paths[path], [method.toLowerCase()]: writeOperation(key, described[key]) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Cordon',
      version: manifest.version,
      description: 'Cases of IoT things: to read, and to act on. docs/api.md says more.',
      license: { name: manifest.license, identifier: manifest.license },
    },
    security: [{ sigv4: [] }, { oidc: [] }],
    paths,
    components: {
      securitySchemes: {
        sigv4: {
          type: 'apiKey',
          in: 'header',
          name: 'Authorization',
          description: 'AWS Signature Version 4 of the service execute-api',
        },
        oidc: {
          type: 'http',
          scheme: 'bearer',
          description: 'A token of the OIDC provider, if there is one',
        },
      },
      schemas: { Problem: writeSchema(problem, 'output') },
    },
  };
}

function writeOperation(key: RouteKey, route: RouteDescription) {
  const { summary, query, body, status = 200, answer, tried, otherTypes = [] } = route;
  const isRead = key.startsWith('GET ');
  const content = {
    'application/json': { schema: writeSchema(answer, 'output') },
    ...Object.fromEntries(otherTypes.map((type) => [type, { schema: { type: 'string' } }])),
  };
  return {
    operationId: key
      .replaceAll(/[^A-Za-z]+(.)/g, (_, next: string) => next.toUpperCase())
      .replace(/\W+$/, ''),
    summary,
    parameters: [...listPathParameters(key), ...(query ? listQueryParameters(query) : [])],
    ...(body && { requestBody: writeBody(key, writeSchema(body, 'input')) }),
    responses: {
      [status]: { description: 'Done', content },
      ...(tried && {
        200: {
          description: 'It could be sent: `dryRun`',
          content: { 'application/json': { schema: writeSchema(tried, 'output') } },
        },
      }),
      ...(isRead && { 304: { description: 'What If-None-Match names is still so' } }),
      ...Object.fromEntries(
        listProblems(key, route).map((code) => [
          code,
          {
            description: problems[code],
            // It comes from in front of the routes, in a form that nothing documents.
            ...(code !== '431' && {
              content: {
                'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } },
                // Refusals of API Gateway itself.
                'application/json': { schema: { type: 'object' } },
              },
            }),
          },
        ]),
      ),
    },
  };
}

const problems: Readonly<Record<string, string>> = {
  400: 'The request is malformed: `field` says where',
  401: 'The caller is not authenticated',
  403: 'The caller has no right to do this',
  404: 'There is nothing of this name',
  409: 'It does not apply now: `detail` says why',
  413: 'The body is too large',
  415: 'The body has another content-type than application/json',
  429: 'API Gateway has too many requests: try again',
  431: 'The address and headers are longer than the way to the function takes',
  500: 'The function failed; its log says why',
  503: 'API Gateway or the function is not available, or took too long: try again',
};

/** A route has the problems that a caller can meet there, and no others. */
function listProblems(key: RouteKey, { query, body }: RouteDescription): readonly string[] {
  const isNamed = key.includes('{');
  const isMet: Readonly<Record<string, boolean>> = {
    400: isNamed || query !== undefined || body !== undefined,
    // API Gateway finds no route for some names.
    404: isNamed,
    409: body !== undefined,
    413: body !== undefined,
    415: body !== undefined,
  };
  return Object.keys(problems).filter((code) => isMet[code] ?? true);
}

interface BodySchema {
  readonly required?: readonly string[];
  readonly properties?: {
    readonly things?: object;
    readonly cases?: { readonly items?: { readonly properties?: object } };
  };
}

function writeBody(key: RouteKey, schema: BodySchema) {
  const written = key.startsWith('POST /bulk/') ? describeSelection(schema) : schema;
  return {
    required: (schema.required ?? []).length > 0,
    content: { 'application/json': { schema: written } },
  };
}

function describeSelection({ properties, ...schema }: BodySchema) {
  const thing = { type: 'string', pattern: ownThing };
  const items = properties?.cases?.items;
  return {
    ...schema,
    properties: {
      ...properties,
      things: { ...properties?.things, items: thing },
      cases: {
        ...properties?.cases,
        items: { ...items, properties: { ...items?.properties, thingName: thing } },
      },
    },
    // One of them says what is selected.
    oneOf: [{ required: ['things'] }, { required: ['cases'] }, { required: ['filter'] }],
  };
}

const name = '[a-zA-Z0-9:_-]{1,128}';
const ownThing = `^${name}$`;
const anyThing = `^([0-9]{12}%2F[a-z]{2}[a-z0-9-]{1,30}%2F)?${name}$`;

const thingWords = '1 to 128 of a-z A-Z 0-9 : _ -, or ACCOUNT/REGION/NAME with its slashes encoded twice';

function listPathParameters(key: RouteKey) {
  return [...key.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => ({
    name: parameter,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: writePattern(parameter, key) },
    ...(parameter === 'thing' && { description: thingWords }),
  }));
}

function writePattern(parameter: string, key: RouteKey): string {
  if (parameter === 'commandId') return '^[0-9a-f-]{36}$';
  // Cordon acts on things of its own account and region only.
  return parameter === 'thing' && key.startsWith('GET ') ? anyThing : ownThing;
}

function listQueryParameters(query: $ZodType) {
  // The form in which it is read: numbers, and lists separated by commas. A query has only text.
  const { properties = {} } = writeSchema(query, 'output') as { properties?: Record<string, object> };
  return Object.entries(properties).map(([parameter, schema]) => ({
    ...{ name: parameter, in: 'query', required: false, schema },
    ...(parameter === 'cursor' && { description: '`next` of the page before: any other text is a 400' }),
    ...('items' in schema && { style: 'form', explode: false }),
  }));
}

function writeSchema(schema: $ZodType, io: 'input' | 'output'): object {
  const { $schema: _dialect, ...written } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return written;
}
