import * as z from 'zod';
import { actionNames } from '../domain/actions/registry';
import { caseStatuses } from '../domain/case/status';
import { operatorActions } from '../domain/decide/operator-actions';
import { severities } from '../domain/severity';

/**
 * This folder has the answers of the HTTP API by topic; this file has the parts that several answers share. Times are
 * epoch ms. Functions import the types only. Packaging makes the OpenAPI document from the schemas, and tests compare
 * the answers with it.
 */

export const time = z.int().describe('Epoch ms');
export const status = z.enum(caseStatuses);
export const severity = z.enum(severities);
export const operatorAction = z.enum(operatorActions);
export const action = z.enum(actionNames);
/** Data whose shape docs/ describes: programs go by its `code`. */
export const coded = z.looseObject({ code: z.string() });

/** The fields of a case, alone and in lists. */
export const outline = {
  thingName: z.string(),
  caseId: z.string(),
  status,
  severity,
  openedAt: time,
  updatedAt: time,
  containedAt: time.optional(),
  closedAt: time.optional(),
};

export const killSwitch = z
  .looseObject({ state: z.enum(['on', 'unknown']) })
  .describe('Absent while the switch is off');

export const flood = z
  .object({
    sender: z.string().describe('Id of the certificate'),
    thingName: z.string(),
    clientId: z.string(),
    since: time,
  })
  .describe('A certificate whose reports were set aside within the last hour');

export const requested = {
  action: z.enum(['contain', 'release', 'harden']),
  actor: z.string().describe('Who asked, and so can’t confirm'),
  at: time,
  expires: time,
  force: z.literal(true).optional(),
  actions: z.array(action).optional().describe('What `harden` adds'),
};

export const more = z.int().optional().describe('How many are not listed');

export const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string().optional(),
    status: z.int(),
    detail: z.string(),
    field: z.string().optional().describe('The field of the request that is at fault'),
  })
  .describe('RFC 9457');
