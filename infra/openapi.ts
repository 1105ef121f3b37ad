import * as z from 'zod';
import type { $ZodType } from 'zod/v4/core';
import { closedQuery, timelineQuery } from '../functions/operate/cases';
import { writeBodySchema } from '../functions/operate/command';
import { caseFilter } from '../functions/operate/query';
import { writeBulkSchema } from '../functions/operate/routes/act-on-many';
import { auditQuery } from '../functions/operate/routes/audit';
import { agentQuery } from '../functions/operate/routes/list-agents';
import { listQuery } from '../functions/operate/routes/list-cases';
import { metricQuery } from '../functions/operate/routes/show-metric';
import { recordingQuery } from '../functions/operate/routes/show-recording';
import manifest from '../package.json' with { type: 'json' };
import * as acts from '../shared/api/acts';
import * as ofCase from '../shared/api/case';
import * as lists from '../shared/api/lists';
import { problem } from '../shared/api/parts';
import * as stack from '../shared/api/stack';
import * as things from '../shared/api/thing';
import {
  type OperatorAction,
  operatorActionDescriptors,
  operatorActions,
} from '../shared/domain/decide/operator-actions';
import { operatorRoutes, type RouteKey } from '../shared/routes';

interface RouteDescription {
  readonly summary: string;
  readonly query?: $ZodType;
  readonly body?: $ZodType;
  readonly status?: 202;
  readonly answer: $ZodType;
  /** The answer to an act that is only tried: 200. */
  readonly tried?: $ZodType;
  /** A content type besides JSON. */
  readonly otherTypes?: readonly string[];
}

type ActRoute = `POST /things/{thing}/${OperatorAction}` | `POST /bulk/${OperatorAction}`;

const reads: Readonly<Record<Exclude<RouteKey, ActRoute>, RouteDescription>> = {
  'GET /health': { summary: 'Whether the function runs and reads its table', answer: stack.health },
  'GET /me': { summary: 'Who the caller is, and what they may do', answer: stack.me },
  'GET /openapi.json': { summary: 'This document', answer: z.looseObject({ openapi: z.string() }) },
  'GET /rules': { summary: 'The deployed cordon.yml, as text and in words', answer: stack.rules },
  'GET /recording': {
    summary: 'What a replay needs of each case that changed since a time, open or closed',
    query: recordingQuery,
    answer: lists.recording,
  },
  'GET /cases': {
    summary: 'Open cases, the most urgent first, or the cases of the statuses named',
    query: listQuery,
    answer: lists.caseList,
  },
  'GET /cases/{thing}': {
    summary: 'The newest case of a thing, or the case of an id',
    answer: ofCase.caseAnswer,
  },
  'GET /cases/{thing}/timeline': {
    summary: 'What happened, oldest first, with the hash chain',
    query: timelineQuery,
    answer: ofCase.timeline,
  },
  'GET /summary': {
    summary: 'Open cases by status, and alike cases as one line',
    query: caseFilter,
    answer: lists.summary,
  },
  'GET /fleet': { summary: 'The whole fleet at a glance', answer: stack.fleet },
  'GET /agents': {
    summary: 'Agents that are silent or degraded, by the names of their things',
    query: agentQuery,
    answer: things.agentList,
  },
  'GET /things/{thing}': { summary: 'What is kept of a thing', answer: things.thing },
  'GET /things/{thing}/closed': {
    summary: 'Earlier cases of a thing, newest first',
    query: closedQuery,
    answer: lists.closedCases,
  },
  'GET /things/{thing}/metrics': {
    summary: 'The metrics that values are kept of',
    answer: things.metricList,
  },
  'GET /things/{thing}/metrics/{metric}': {
    summary: 'Values of a metric, oldest first, with thresholds and marks',
    query: metricQuery,
    answer: things.metricSeries,
  },
  'GET /things/{thing}/refusals/{commandId}': {
    summary: 'Why a command was refused later; 404 while it was not',
    answer: acts.refusal,
  },
  'GET /audit': {
    summary: 'Who did what, newest first',
    query: auditQuery,
    answer: acts.audit,
    otherTypes: ['text/csv'],
  },
};

/** The API as OpenAPI 3.1, from the schemas that requests are read with and that tests hold answers against. */
export function writeOpenApi() {
  const described = { ...reads, ...describeActs() } as Readonly<Record<RouteKey, RouteDescription>>;
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

function describeActs(): Partial<Record<RouteKey, RouteDescription>> {
  return Object.fromEntries(
    operatorActions.flatMap((action) => {
      const { description } = operatorActionDescriptors[action];
      return [
        [
          `POST /things/{thing}/${action}`,
          {
            summary: description,
            body: writeBodySchema(action),
            status: 202,
            answer: acts.sent,
            tried: acts.tried,
          },
        ],
        [
          `POST /bulk/${action}`,
          {
            summary: `${description}: many at once`,
            body: writeBulkSchema(action),
            status: 202,
            answer: acts.bulk,
          },
        ],
      ];
    }),
  );
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
                // What API Gateway itself refuses.
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
