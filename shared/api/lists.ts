import * as z from 'zod';
import { action, flood, killSwitch, outline, requested, severity, status, time } from './parts';

/** The HTTP API's answers about many cases. */

export const listedCase = z.object({
  ...outline,
  expiresAt: time.optional().describe('When the question for approval expires'),
  releaseAt: time.optional().describe('When time releases the thing'),
  behaviors: z.array(z.string()).describe('PROFILE/BEHAVIOR, those in alarm first, at most 5'),
  moreBehaviors: z.int().optional().describe('How many behaviors are not listed'),
  groups: z.array(z.string()).optional().describe('At most 10'),
  playbook: z.string().optional(),
  actions: z.array(action).optional().describe('Actions that hold the thing'),
  reason: z.string().optional().describe('The reason of its status, cut to 160 characters'),
  reasonCode: z.string().optional(),
  assignee: z.string().optional().describe('The assignee'),
  lastActor: z.string().optional().describe('The person whose command changed it last'),
  digestAt: time.optional().describe('When it was last put into the digest of cases that are only recorded'),
  storm: z.string().optional().describe('The storm that it is in, which one message covers'),
  request: z.object(requested).optional().describe('An order that waits for a second person'),
});

export const caseList = z.object({
  cases: z.array(listedCase),
  next: z.string().optional().describe('The `cursor` of the next page; absent at the end'),
  examined: z.int().describe('Cases that were looked at'),
  isComplete: z
    .boolean()
    .optional()
    .describe('Only with `order=urgency`: false if a status has more cases than can be put in order'),
  killSwitch: killSwitch.optional(),
  floods: z.array(flood).optional(),
});

/** A group of alike cases. */
export const caseGroup = z.object({
  status,
  behaviors: z.array(z.string()),
  cases: z.int(),
  severity: severity.describe('The worst of them'),
  firstOpenedAt: time,
  lastOpenedAt: time,
  firstExpiresAt: time.optional().describe('When the first question for approval among them expires'),
  assigned: z.int().describe('Cases with an assignee'),
  things: z.array(z.string()).describe('The first 5 by name'),
});

export const counts = z.partialRecord(status, z.int()).describe('Open cases by status');
export const isComplete = z
  .boolean()
  .describe('False if there are more cases than were counted: numbers are at least');

export const summary = z.object({
  counts,
  groups: z.array(caseGroup).describe('By urgency, the largest of a status first, at most 50'),
  moreGroups: z.int().optional(),
  isComplete,
});

export const damagedCases = z
  .array(z.string())
  .optional()
  .describe('Ids of cases that are missing here, because their item in the table is damaged');

export const closedCases = z.object({
  thingName: z.string(),
  damaged: damagedCases,
  cases: z.array(z.looseObject({ caseId: z.string(), status, severity, openedAt: time })),
  more: z.boolean().describe('Whether there is a next page'),
  next: z.string().optional().describe('The `cursor` of the next page; absent at the end'),
});

/** The data of cases that a replay needs. */
export const recording = z.object({
  cases: z.array(
    z.looseObject({
      thingName: z.string(),
      caseId: z.string(),
      openedAt: time,
      updatedAt: time,
      facts: z.looseObject({ kind: z.string() }).optional(),
      violations: z.record(z.string(), z.looseObject({ caseId: z.string(), alarmAt: time })),
    }),
  ),
  damaged: z
    .array(z.string())
    .optional()
    .describe('Things with a case that is missing here, because its item in the table is damaged'),
  next: z.string().optional().describe('The `cursor` of the next page; absent at the end'),
});

export type CaseListAnswer = z.output<typeof caseList>;
export type Summary = z.output<typeof summary>;
export type CaseGroup = z.output<typeof caseGroup>;
