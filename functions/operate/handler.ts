import { type OperatorAction, operatorActions } from '../../shared/domain/decide/operator-actions';
import { DamagedItemError, IndexNotBuiltError } from '../../shared/errors';
import {
  type HttpAnswer,
  HttpProblem,
  type HttpRequest,
  problemResponse,
  tagAnswer,
  textResponse,
} from '../../shared/http';
import { operatorRoutes, type RouteKey } from '../../shared/routes';
import type { ButtonRoute } from '../notify/channels/registry';
import { handleInteraction, type SlackPorts } from '../notify/channels/slack/interaction';
import { type CallerPorts, requireRole, showCaller } from './caller';
import { type CasePorts, checkHealth, listClosed, showCase, showTimeline } from './cases';
import { type CommandPorts, examineOrder, sendCommand, showRefusal } from './command';
import { actOnMany, type BulkPorts } from './routes/act-on-many';
import { type AuditPorts, showAudit } from './routes/audit';
import { type AgentPorts, listAgents } from './routes/list-agents';
import { type ListPorts, listCases } from './routes/list-cases';
import { type FleetPorts, showFleet } from './routes/show-fleet';
import { listThingMetrics, type MetricPorts, showMetric } from './routes/show-metric';
import { type RecordingPorts, showRecording } from './routes/show-recording';
import { type RulesPorts, showRules } from './routes/show-rules';
import { showThing, type ThingPorts } from './routes/show-thing';
import { type SummaryPorts, summarize } from './routes/summary';

export type OperatePorts = { readonly openApi: string } & AgentPorts &
  AuditPorts &
  BulkPorts &
  CallerPorts &
  CasePorts &
  CommandPorts &
  FleetPorts &
  ListPorts &
  RecordingPorts &
  RulesPorts &
  MetricPorts &
  SummaryPorts &
  ThingPorts &
  Omit<SlackPorts, 'examine'>;

type Route = RouteKey | ButtonRoute;

type Handler = (request: HttpRequest, ports: OperatePorts) => Promise<HttpAnswer>;

const routes: Readonly<Record<Route, Handler>> = {
  'GET /health': checkHealth,
  'GET /me': showCaller,
  'GET /rules': showRules,
  'GET /recording': showRecording,
  'GET /openapi.json': async (_request, { openApi }) => textResponse(openApi),
  'GET /cases': listCases,
  'GET /cases/{thing}': showCase,
  'GET /cases/{thing}/timeline': showTimeline,
  'GET /summary': summarize,
  'GET /fleet': showFleet,
  'GET /agents': listAgents,
  'GET /things/{thing}': showThing,
  'GET /things/{thing}/closed': listClosed,
  'GET /things/{thing}/metrics': listThingMetrics,
  'GET /things/{thing}/metrics/{metric}': showMetric,
  'GET /things/{thing}/refusals/{commandId}': showRefusal,
  'GET /audit': showAudit,
  ...writeActionRoutes(),
  ...writeBulkRoutes(),
  'POST /slack/interactions': (request, ports) =>
    handleInteraction(request, {
      ...ports,
      examine: async (order, thingName, caseId) =>
        examineOrder((await ports.cases.load(thingName))?.value, caseId, order, thingName, ports),
    }),
};

/** Handles a request of the HTTP API, which has matched the route and, except for Slack, authenticated the caller. */
export function operate(ports: OperatePorts) {
  return async (request: HttpRequest): Promise<HttpAnswer> => {
    const { routeKey } = request;
    try {
      if (!isRoute(routeKey)) throw new HttpProblem(404, 'this route does not exist');
      if (isOperatorRoute(routeKey))
        requireRole(request, routeKey.startsWith('GET ') ? 'viewer' : 'operator', ports.groupRule);
      return tagAnswer(request, await routes[routeKey](request, ports));
    } catch (error) {
      if (error instanceof HttpProblem) return problemResponse(error);
      if (error instanceof IndexNotBuiltError)
        return problemResponse({
          status: 503,
          detail: error.message,
          field: undefined,
          retryAfterSeconds: 60,
        });
      ports.log.error('request failed', { routeKey, error });
      return problemResponse({
        status: 500,
        detail: error instanceof DamagedItemError ? error.message : 'the request failed; the log says why',
        field: undefined,
      });
    }
  };
}

const operatorRouteKeys: ReadonlySet<string> = new Set(operatorRoutes);

/** Slack's signature proves who pressed a button. */
function isOperatorRoute(routeKey: string): routeKey is RouteKey {
  return operatorRouteKeys.has(routeKey);
}

function writeBulkRoutes() {
  const routesOf = operatorActions.map((action) => [`POST /bulk/${action}`, actOnMany(action)]);
  return Object.fromEntries(routesOf) as Record<`POST /bulk/${OperatorAction}`, Handler>;
}

function writeActionRoutes() {
  const routesOf = operatorActions.map((action) => [`POST /things/{thing}/${action}`, sendCommand(action)]);
  return Object.fromEntries(routesOf) as Record<`POST /things/{thing}/${OperatorAction}`, Handler>;
}

function isRoute(routeKey: string): routeKey is Route {
  return Object.hasOwn(routes, routeKey);
}
