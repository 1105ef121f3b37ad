import * as z from 'zod';
import type { $ZodType } from 'zod/v4/core';
import { closedQuery, timelineQuery } from '../../functions/operate/cases';
import { writeBodySchema } from '../../functions/operate/command';
import { caseFilter } from '../../functions/operate/query';
import { writeBulkSchema } from '../../functions/operate/routes/act-on-many';
import { auditQuery } from '../../functions/operate/routes/audit';
import { agentQuery } from '../../functions/operate/routes/list-agents';
import { listQuery } from '../../functions/operate/routes/list-cases';
import { metricQuery } from '../../functions/operate/routes/show-metric';
import { recordingQuery } from '../../functions/operate/routes/show-recording';
import * as ofCase from '../../shared/api/case';
import * as lists from '../../shared/api/lists';
import * as acts from '../../shared/api/operator-actions';
import * as stack from '../../shared/api/stack';
import * as things from '../../shared/api/thing';
import {
  type OperatorAction,
  operatorActionDescriptors,
  operatorActions,
} from '../../shared/domain/decide/operator-actions';
import type { RouteKey } from '../../shared/routes';

export interface RouteDescription {
  readonly summary: string;
  readonly query?: $ZodType;
  readonly body?: $ZodType;
  readonly status?: 202;
  readonly answer: $ZodType;
  /** The answer to an operator action with `dryRun`: 200. */
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

/** Each route of the HTTP API: what it is for, what it takes and what it answers. */
export function describeRoutes(): Readonly<Record<RouteKey, RouteDescription>> {
  return { ...reads, ...describeOperatorActions() } as Readonly<Record<RouteKey, RouteDescription>>;
}

function describeOperatorActions(): Partial<Record<RouteKey, RouteDescription>> {
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
