import { operatorActions } from './domain/decide/operator-actions';

/**
 * Routes of the HTTP API, spelled as API Gateway spells a route key. The stack's template is made from them, and
 * operate must have a handler for each. Buttons have routes of their own, which the channels' descriptors name.
 */

/** For those who may operate Cordon: signed with SigV4, or with a token of the identity provider. */
export const operatorRoutes = [
  'GET /health',
  'GET /me',
  'GET /rules',
  'GET /recording',
  'GET /openapi.json',
  'GET /cases',
  'GET /cases/{thing}',
  'GET /cases/{thing}/timeline',
  'GET /summary',
  'GET /fleet',
  'GET /agents',
  'GET /things/{thing}',
  'GET /things/{thing}/closed',
  'GET /things/{thing}/metrics',
  'GET /things/{thing}/metrics/{metric}',
  'GET /things/{thing}/refusals/{commandId}',
  'GET /audit',
  ...operatorActions.map((action) => `POST /things/{thing}/${action}` as const),
  ...operatorActions.map((action) => `POST /bulk/${action}` as const),
] as const;

export type RouteKey = (typeof operatorRoutes)[number];
