import * as z from 'zod';
import { coded, operatorAction, time } from './parts';

/** The HTTP API's answers to an operator action, and the entries of its audit. */

export const sent = z.object({
  command: operatorAction,
  thingName: z.string(),
  actor: z.string(),
  commandId: z.string(),
  warning: z.string().optional(),
  secondPerson: z.literal('asked').optional().describe('It waits for a second person'),
});

export const tried = z
  .object({ ...sent.omit({ commandId: true }).shape, dryRun: z.literal(true) })
  .describe('What would be sent. Nothing was');

export const refusal = z.object({
  thingName: z.string(),
  commandId: z.string(),
  reason: z.string(),
  reasonCode: coded,
});

export const bulk = z.object({
  command: operatorAction,
  actor: z.string(),
  sent: z.int(),
  refused: z.int(),
  failed: z.int(),
  results: z.array(
    z.object({
      thingName: z.string(),
      caseId: z.string().optional(),
      result: z.enum(['sent', 'refused', 'failed']),
      commandId: z.string().optional(),
      secondPerson: z.literal('asked').optional().describe('It waits for a second person'),
      reason: z.string().optional(),
    }),
  ),
});

export const audit = z.object({
  from: time,
  to: time,
  acts: z
    .array(
      z.object({
        at: time,
        actor: z.string(),
        thingName: z.string(),
        caseId: z.string().optional().describe('Absent for a refused command of a thing without a case'),
        code: z.string().optional().describe('What happened, for programs'),
        what: z.string().describe('The same in words'),
        detail: z.string().optional(),
      }),
    )
    .describe('Newest first'),
  next: z.string().optional().describe('The `cursor` of the next page; it keeps `from` and `to`'),
});

export type AuditAnswer = z.output<typeof audit>;
export type BulkAnswer = z.output<typeof bulk>;
