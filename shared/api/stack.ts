import * as z from 'zod';
import { counts, isComplete } from './lists';
import { action, flood, killSwitch, more, time } from './parts';

/** The HTTP API's answers about the whole stack, and about the caller. */

export const fleet = z.object({
  cases: z.object({ counts, isComplete }),
  things: z.int().optional().describe('Things in the registry, as counted last'),
  countedAt: time.optional(),
  fleetLimit: z.object({
    things: z.int(),
    percent: z.number().optional(),
    withinMs: z.int(),
    limit: z.int().describe('Containments that are permitted within the window now'),
    used: z.int(),
  }),
  silentAgents: z.object({ count: z.int(), things: z.array(z.string()).describe('At most 100'), more }),
  degradedAgents: z
    .object({
      count: z.int(),
      things: z
        .array(
          z.object({
            thingName: z.string(),
            degraded: z.array(z.string()).describe('What limits the view, as the agent reports it'),
            words: z.string().describe('The same for people, to be read after the thing name'),
          }),
        )
        .describe('By name, at most 100'),
      more,
    })
    .describe('Agents whose last report says that they do not see all'),
  exempt: z.array(
    z.object({ thingGroup: z.string().optional(), attribute: z.record(z.string(), z.string()).optional() }),
  ),
  floods: z.array(flood).optional(),
  killSwitch: killSwitch.optional(),
});

/** The newest heartbeat: length of its way, its age, and when it was at each stage (epoch ms). */
const pipeline = z.object({
  ms: z.number(),
  ageMs: z.number(),
  late: z.boolean(),
  sentAt: time,
  takenAt: time,
  arrivedAt: time,
  announcedAt: time,
});

export const health = z.object({
  status: z.literal('ok'),
  version: z.string(),
  pipeline: pipeline.optional(),
  killSwitch: killSwitch.optional(),
});

/** Who the caller is, and what they may do. */
export const me = z.object({
  actor: z.string().describe('As timelines and the audit name the caller'),
  isProven: z
    .boolean()
    .describe('Whether the caller counts as a person if two are asked for (guards.fourEyes)'),
  decidedBy: z
    .enum(['groups', 'iam'])
    .describe(
      '`iam` decides at each request: an operator action with `dryRun` asks it. Groups are those of a token',
    ),
  roles: z
    .array(z.enum(['viewer', 'operator']))
    .describe('Of groups. Whom IAM let in here is a viewer at least'),
  operators: z.string().optional().describe('The group whose members may act'),
  additions: z
    .array(z.object({ action, does: z.string().describe('To be read after the action') }))
    .describe('What `harden` can add to a containment'),
});

export const rules = z.object({
  words: z
    .string()
    .describe('cordon.yml in words, as `cordon check` says it; indented lines belong to the line above'),
  source: z
    .object({
      text: z.string(),
      parameters: z
        .object({
          detector: z.string().optional(),
          email: z.string().optional(),
          keepClosed: z.string().optional(),
        })
        .describe('Values of it that the deploy replaced'),
    })
    .describe('cordon.yml as it was deployed'),
});

export type MeAnswer = z.output<typeof me>;
export type FleetAnswer = z.output<typeof fleet>;
export type RulesAnswer = z.output<typeof rules>;
