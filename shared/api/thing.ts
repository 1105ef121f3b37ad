import * as z from 'zod';
import { damagedCases, listedCase } from './lists';
import { time } from './parts';

/** The HTTP API's answers about things, their metrics and their agents. */

const metricValue = z
  .looseObject({})
  .describe('As in a report: {"number":1}, {"strings":["a"]} and the like');
const newestDatapoint = z.object({ metric: z.string(), at: time, value: metricValue });

export const metricList = z.object({ thingName: z.string(), metrics: z.array(newestDatapoint) });

export const metricSeries = z.object({
  thingName: z.string(),
  metric: z.string(),
  from: time,
  to: time,
  datapoints: z.array(z.object({ at: time, value: metricValue })),
  nextFrom: time.optional().describe('Where the next page begins'),
  behaviors: z
    .array(
      z.object({
        securityProfile: z.string(),
        behavior: z.string(),
        criteria: z.looseObject({}).optional().describe('As in cordon.yml: the threshold'),
      }),
    )
    .describe('What bounds the metric'),
  marks: z.array(
    z.object({
      at: time,
      kind: z.enum(['alarm', 'contained', 'released', 'closed']),
      caseId: z.string(),
      behavior: z.string().optional(),
    }),
  ),
});

export const thing = z.object({
  thingName: z.string(),
  case: listedCase.optional().describe('The newest'),
  registry: z
    .object({
      lookedUpAfter: time.describe('The newest case looked it up, when it was opened or later'),
      registered: z.boolean(),
      thingTypeName: z.string().optional(),
      attributes: z.record(z.string(), z.string()),
      groups: z.array(z.string()),
      certificates: z.array(
        z.object({
          certificateId: z.string(),
          status: z.string().optional(),
          policies: z.array(z.string()),
          sharedWith: z.array(z.string()),
          escapesGroup: z
            .boolean()
            .describe('Its policies allow what the policy of a thing group cannot deny'),
        }),
      ),
    })
    .optional(),
  agent: z
    .object({
      heardAt: time,
      silentAt: time.optional(),
      intervalMs: z.int().optional(),
      health: z.looseObject({}).optional(),
      words: z.string().optional().describe('What limits its view, for people'),
    })
    .optional(),
  metrics: z.array(newestDatapoint),
  earlier: z.array(listedCase).describe('At most 10, newest first'),
  moreEarlier: z.literal(true).optional(),
  damaged: damagedCases,
});

export const agentList = z.object({
  agents: z.array(
    z.object({
      thingName: z.string(),
      heardAt: time.describe('Of its last report, or of the one before it'),
      silentAt: time.optional().describe('When it was found silent'),
      version: z.string().optional(),
      degraded: z.array(z.string()).describe('What limits its view, as it reports it'),
      words: z.string().optional().describe('The same for people, to be read after the thing name'),
    }),
  ),
  next: z.string().optional().describe('The `cursor` of the next page; absent at the end'),
});

export type ThingAnswer = z.output<typeof thing>;
export type MetricSeries = z.output<typeof metricSeries>;
