import * as z from 'zod';
import { restorable } from '../domain/actions/descriptor';
import { action, coded, flood, operatorAction, outline, requested, time } from './parts';

/** The HTTP API's answers about one case. */

/** An operator action that is possible now. */
export const possibleAction = z.object({
  action: operatorAction,
  description: z.string(),
  consequence: z.string().describe('What it does, to be read after the thing name'),
  emphasis: z.enum(['recommended', 'dangerous']).optional(),
  forcible: z.string().optional().describe('What `force` overrides'),
  warning: z.string().optional(),
  secondPerson: z
    .discriminatedUnion('state', [
      z.object({ state: z.literal('needed').describe('Somebody else has to order the same') }),
      z.object({ state: z.literal('confirms').describe('What somebody else asked for') }),
      z.object({ state: z.literal('refused'), reason: z.string() }),
    ])
    .optional()
    .describe('Absent if the operator action needs nobody else (guards.fourEyes)'),
});

/** A line of what a release would restore. */
export const restoration = z.object({
  action,
  object: z.enum(restorable),
  name: z.string(),
  now: z.string().describe('As the containment left it'),
  before: z.string().describe('As it was, and will be'),
});

export const caseAnswer = z.looseObject({
  ...outline,
  playbook: z.string().optional(),
  reason: z.string().optional(),
  reasonCode: coded.optional(),
  decided: z
    .looseObject({ command: z.string(), actor: z.string(), comment: z.string().optional() })
    .optional()
    .describe('The command behind its present state; absent if a rule decided'),
  request: z
    .object({
      ...requested,
      mine: z.boolean().describe('Whether the caller asked'),
    })
    .optional()
    .describe('An order that waits for a second person'),
  violations: z.array(
    z.looseObject({
      key: z
        .string()
        .describe('`PROFILE/BEHAVIOR`, `external finding/SENDER/UID` or `audit finding/CHECK/RESOURCE`'),
      kind: z.enum(['external', 'audit']).optional().describe('Absent for a behavior'),
      metric: z.string().optional().describe('Of a behavior'),
      words: z.string().describe('What it says: `1 child process of myapp; at most 0 is normal`'),
    }),
  ),
  ledger: z.array(z.looseObject({ action, status: z.string() })),
  acts: z.array(operatorAction).describe('Acts that are possible now'),
  possible: z.array(possibleAction),
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

export type PossibleAction = z.output<typeof possibleAction>;
export type Restoration = z.output<typeof restoration>;
