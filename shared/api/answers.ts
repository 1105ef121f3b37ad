import * as z from 'zod';
import { actionNames } from '../domain/actions/registry';
import { openStatuses } from '../domain/case/status';
import { operatorActions } from '../domain/decide/operator-actions';

/**
 * What the HTTP API answers. Times are epoch ms. Functions import the types only: the OpenAPI document is made from the
 * schemas when the service is packaged, and tests hold answers against it.
 */

const time = z.int().describe('Epoch ms');
const status = z.enum([...openStatuses, 'closed']);
const severity = z.enum(['low', 'medium', 'high', 'critical']);
const act = z.enum(operatorActions);
const action = z.enum(actionNames);
/** Data whose shape docs/ describes: programs go by its `code`. */
const coded = z.looseObject({ code: z.string() });

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

export const listedCase = z.object({
  thingName: z.string(),
  caseId: z.string(),
  status,
  severity,
  openedAt: time,
  updatedAt: time,
  containedAt: time.optional(),
  closedAt: time.optional(),
  expiresAt: time.optional().describe('When the question for approval expires'),
  releaseAt: time.optional().describe('When time releases the thing'),
  behaviors: z.array(z.string()).describe('PROFILE/BEHAVIOR, those in alarm first, at most 5'),
  moreBehaviors: z.int().optional().describe('How many behaviors are not listed'),
  groups: z.array(z.string()).optional().describe('At most 10'),
  playbook: z.string().optional(),
  actions: z.array(action).optional().describe('Actions that hold the thing'),
  reason: z.string().optional().describe('Why it stands as it does, cut to 160 characters'),
  reasonCode: z.string().optional(),
  assignee: z.string().optional().describe('Who is on it'),
  lastActor: z.string().optional().describe('The person whose command changed it last'),
});

export const caseList = z.object({
  cases: z.array(listedCase),
  next: z.string().optional().describe('The `cursor` of the next page; absent at the end'),
  examined: z.int().describe('Cases that were looked at'),
  killSwitch: killSwitch.optional(),
  floods: z.array(flood).optional(),
});

export const problem = z
  .object({
    type: z.literal('about:blank'),
    title: z.string().optional(),
    status: z.int(),
    detail: z.string(),
    field: z.string().optional().describe('The field of the request that is at fault'),
  })
  .describe('RFC 9457');

export type CaseListAnswer = z.output<typeof caseList>;

/** A group of alike cases. */
export const caseGroup = z.object({
  status,
  behaviors: z.array(z.string()),
  cases: z.int(),
  severity: severity.describe('The worst of them'),
  firstOpenedAt: time,
  lastOpenedAt: time,
  firstExpiresAt: time.optional(),
  assigned: z.int().describe('Cases that somebody is on'),
  things: z.array(z.string()).describe('At most 5 of them'),
});

export const summary = z.object({
  counts: z.partialRecord(status, z.int()).describe('Open cases by status'),
  groups: z.array(caseGroup).describe('Largest first within a status, at most 50'),
  moreGroups: z.int().optional(),
  isComplete: z
    .boolean()
    .describe('False where there are more cases than were counted: each number is at least'),
  countedAt: time,
});

/** An act that is possible now. */
export const possibleAct = z.object({
  action: act,
  description: z.string(),
  consequence: z.string().describe('What it does, to be read after the thing name'),
  emphasis: z.enum(['recommended', 'dangerous']).optional(),
  forcible: z.string().optional().describe('What `force` overrides'),
  warning: z.string().optional(),
});

/** A line of what a release would restore. */
export const restoration = z.object({
  action,
  object: z.string().describe('What it is of, such as a certificate, a policy or a thing group'),
  name: z.string(),
  now: z.string().describe('As the containment left it'),
  before: z.string().describe('As the release restores it'),
});

export const earlierCase = z.looseObject({
  caseId: z.string(),
  status,
  severity,
  openedAt: time,
  closedAt: time.optional(),
  reason: z.string().optional(),
});

export type Summary = z.output<typeof summary>;
export type CaseGroup = z.output<typeof caseGroup>;
export type PossibleAct = z.output<typeof possibleAct>;
export type Restoration = z.output<typeof restoration>;

export const caseAnswer = z.looseObject({
  thingName: z.string(),
  caseId: z.string(),
  status,
  severity,
  openedAt: time,
  updatedAt: time,
  containedAt: time.optional(),
  closedAt: time.optional(),
  playbook: z.string().optional(),
  reason: z.string().optional(),
  reasonCode: coded.optional(),
  violations: z.array(z.looseObject({ key: z.string(), metric: z.string() })),
  ledger: z.array(z.looseObject({ action, status: z.string() })),
  acts: z.array(act).describe('Acts that are possible now'),
  possible: z.array(possibleAct),
  restores: z.array(restoration).describe('What a release would restore'),
  floods: z.array(flood).optional(),
});

export const timelineEntry = z.object({
  at: time,
  what: z.string(),
  actor: z.string().optional(),
  detail: z.string().optional(),
});

export const timeline = z.object({
  thingName: z.string(),
  caseId: z.string(),
  rows: z.array(
    z.object({
      id: z.string(),
      entries: z.array(timelineEntry),
      previousHash: z.string(),
      hash: z.string(),
    }),
  ),
  next: z.string().optional().describe('The `after` of the next page'),
});
