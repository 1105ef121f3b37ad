import { Ajv2020 } from 'ajv/dist/2020.js';
import { type OperatePorts, operate } from '../../../functions/operate/handler';
import { writeOpenApi } from '../../../infra/openapi/openapi';
import type { Case } from '../../../shared/domain/case/case';
import type { Refusal } from '../../../shared/domain/case/reasons';
import { matchesFilter } from '../../../shared/domain/lists/filter';
import { outlineCase } from '../../../shared/domain/lists/outline';
import { CursorError } from '../../../shared/errors';
import type { HttpAnswer, HttpRequest } from '../../../shared/http';
import type { CasePage, CaseQuery } from '../../../shared/storage/case-list';
import type { TimelineRow } from '../../../shared/timeline';
import { aConfiguration, account, now } from '../../builders';
import { fakeCases, fakeQueue, fakeTelemetry } from '../../fakes';
import { fakeDetection } from '../../fakes-detection';

export const userArn = 'arn:aws:sts::000000000000:assumed-role/soc/ada';
export const signingSecret = '8f742231b10e8888abcd99yyyzzz85a5';

/** A request as the HTTP API hands it on, of a caller with an ARN. */
export function aRequest(routeKey: string, over: Partial<HttpRequest> = {}): HttpRequest {
  const [method = 'GET', path = '/'] = routeKey.split(' ');
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: {},
    isBase64Encoded: false,
    requestContext: {
      accountId: '000000000000',
      apiId: 'api',
      authorizer: { iam: { userArn } },
      domainName: 'localhost',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
      requestId: 'request-1',
      routeKey,
      stage: '$default',
      time: '',
      timeEpoch: now,
    },
    ...over,
  };
}

export function signedInAs(claims: Readonly<Record<string, unknown>>): Partial<HttpRequest> {
  const { requestContext } = aRequest('GET /');
  return { requestContext: { ...requestContext, authorizer: { jwt: { claims } } } };
}

export function ofThing(thing: string): Partial<HttpRequest> {
  return { pathParameters: { thing } };
}

/** `operate` on a table with these cases, the newest of each thing last, and closed cases of these ids that are damaged. */
export function anOperator(
  cases: readonly Case[] = [],
  over: Partial<OperatePorts> = {},
  damaged: readonly string[] = [],
) {
  const stored = fakeCases();
  for (const record of cases) stored.items.set(record.thingName, { value: record, version: 1 });
  const detection = fakeDetection();
  const queue = fakeQueue();
  const telemetry = fakeTelemetry();
  const said: { readonly url: string; readonly text: string }[] = [];
  const rows: TimelineRow[] = [];
  const refusals = new Map<string, Refusal>();
  const handle = operate({
    cases: stored.cases,
    fleetLimit: stored.fleetLimit,
    heartbeats: { read: async () => undefined },
    refusals: { read: async (thingName, requestId) => refusals.get(`${thingName}#${requestId}`) },
    openApi,
    own: account,
    playbooks: aConfiguration().playbooks,
    rules: () => 'Detector: cordon',
    source: () => ({ text: 'detector: cordon\n', parameters: {} }),
    keepClosedMs: Infinity,
    killSwitch: async () => ({ state: 'off' }),
    floods: { list: async () => [] },
    list: {
      page: async (query) => pageCases(cases, query),
      pageWhole: async (query) => {
        const { cases: listed, ...rest } = pageCases(cases, query);
        const ids = new Set(listed.map(({ caseId }) => caseId));
        return { ...rest, cases: cases.filter(({ caseId }) => ids.has(caseId)), damaged: [] };
      },
      readAll: async (statuses) => ({
        cases: pageCases(cases, { statuses, limit: 1_000 }).cases.slice(),
        isComplete: true,
      }),
    },
    audit: { page: async ({ from, to }) => ({ from, to, acts: [] }) },
    history: {
      listClosed: async (thingName: string, limit: number) => ({
        cases: cases
          .filter((record) => record.thingName === thingName && record.status === 'closed')
          .slice(0, limit),
        damaged,
      }),
      async pageClosed(thingName, limit, cursor = '0') {
        if (!/^\d+$/.test(cursor)) throw new CursorError('is none of this list');
        const closed = cases.filter((one) => one.thingName === thingName && one.status === 'closed');
        const end = Number(cursor) + limit;
        return {
          cases: closed.slice(Number(cursor), end),
          damaged,
          ...(end < closed.length && { next: String(end) }),
        };
      },
      findCase: async (caseId: string) => cases.find((record) => record.caseId === caseId),
      async pageTimeline(caseId: string, limit: number, after = '') {
        const found = rows.filter((row) => row.caseId === caseId && row.sk > after);
        return { rows: found.slice(0, limit), more: found.length > limit };
      },
    },
    readDatapoints: detection.readDatapoints,
    listMetrics: async () => [],
    loadState: detection.states.load,
    listSilent: async () => [],
    listDegraded: async () => [],
    loadStates: async () => [],
    guards: aConfiguration().guards,
    customMetrics: aConfiguration().customMetrics,
    securityProfiles: aConfiguration().securityProfiles,
    commands: queue.commands,
    groupRule: { claim: 'groups', group: 'cordon-operators', viewers: '' },
    signingSecret: async () => signingSecret,
    slackOperators: undefined,
    answerSlack: async (url, text) => void said.push({ url, text }),
    clock: () => now,
    log: telemetry.log,
    metrics: telemetry.metrics,
    ...over,
  });
  const ask = async (routeKey: string, request: Partial<HttpRequest> = {}) =>
    readAnswer(checkAnswer(routeKey, await handle(aRequest(routeKey, request))));
  return {
    ask,
    handle,
    detection,
    commands: queue.commands,
    sent: queue.sent,
    waiting: queue.waiting,
    said,
    rows,
    refusals,
    telemetry,
  };
}

/** Pages of a table with one shard. */
function pageCases(
  cases: readonly Case[],
  { statuses, filter = {}, since = 0, limit, cursor = '0' }: CaseQuery,
): CasePage {
  const all = statuses.flatMap((status) =>
    cases
      .filter((record) => record.status === status && record.updatedAt >= since)
      .toSorted((a, b) => b.updatedAt - a.updatedAt)
      .map((record) => {
        const { thingName, caseId, severity, updatedAt } = record;
        return { thingName, caseId, status, severity, updatedAt, ...outlineCase(record) };
      })
      .filter((listed) => matchesFilter(listed, filter)),
  );
  const end = Number(cursor) + limit;
  return {
    cases: all.slice(Number(cursor), end),
    examined: all.length,
    ...(end < all.length && { next: String(end) }),
  };
}

const document = writeOpenApi();
const openApi = JSON.stringify(document);
const validator = new Ajv2020({ strict: false, allErrors: true });
validator.addSchema({ $id: 'openapi', ...document });

interface Operation {
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, unknown>> }>>;
}

/** Throws unless the OpenAPI document has this answer of the route. Slack's buttons are not in it. */
function checkAnswer(routeKey: string, answer: HttpAnswer): HttpAnswer {
  const [method = '', path = ''] = routeKey.split(' ');
  const operation = document.paths[path]?.[method.toLowerCase()] as Operation | undefined;
  if (!operation) return answer;
  const type = String(answer.headers?.['content-type']).split(';')[0] ?? '';
  const content = operation.responses[String(answer.statusCode)]?.content;
  if (content?.[type] === undefined)
    throw new Error(`${routeKey}: the OpenAPI document has no ${answer.statusCode} as ${type}`);
  const parts = [
    'paths',
    path,
    method.toLowerCase(),
    'responses',
    String(answer.statusCode),
    'content',
    type,
  ];
  const pointer = [...parts, 'schema']
    .map((part) => encodeURIComponent(part.replaceAll('/', '~1')))
    .join('/');
  const validate = validator.getSchema(`openapi#/${pointer}`);
  if (!validate?.(JSON.parse(answer.body ?? '')))
    throw new Error(`${routeKey} ${answer.statusCode}: ${JSON.stringify(validate?.errors)}: ${answer.body}`);
  return answer;
}

function readAnswer({ statusCode, headers, body = '' }: HttpAnswer) {
  return { status: statusCode, type: headers?.['content-type'], value: body === '' ? '' : JSON.parse(body) };
}
