import * as z from 'zod';
import { restorable } from '../domain/actions/descriptor';
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

const requested = {
  action: z.enum(['contain', 'release', 'harden']),
  actor: z.string().describe('Who asked, and so can’t confirm'),
  at: time,
  expires: time,
  force: z.literal(true).optional(),
  actions: z.array(action).optional().describe('What `harden` adds'),
};

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
  reason: z.string().optional().describe('The reason of its status, cut to 160 characters'),
  reasonCode: z.string().optional(),
  assignee: z.string().optional().describe('Who is on it'),
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
    .describe('Only with `order=urgency`: false where a status has more cases than can be put in order'),
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

/** A group of alike cases. */
export const caseGroup = z.object({
  status,
  behaviors: z.array(z.string()),
  cases: z.int(),
  severity: severity.describe('The worst of them'),
  firstOpenedAt: time,
  lastOpenedAt: time,
  firstExpiresAt: time.optional().describe('When the first question for approval among them expires'),
  assigned: z.int().describe('Cases that somebody is on'),
  things: z.array(z.string()).describe('At most 5 of them'),
});

const counts = z.partialRecord(status, z.int()).describe('Open cases by status');
const isComplete = z
  .boolean()
  .describe('False where there are more cases than were counted: numbers are at least');

export const summary = z.object({
  counts,
  groups: z.array(caseGroup).describe('By urgency, the largest of a status first, at most 50'),
  moreGroups: z.int().optional(),
  isComplete,
});

const more = z.int().optional().describe('How many are not listed');

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
});

/** An act that is possible now. */
export const possibleAct = z.object({
  action: act,
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
    .describe('Absent where the act needs nobody else (guards.fourEyes)'),
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
  decided: z
    .looseObject({ command: z.string(), actor: z.string(), comment: z.string().optional() })
    .optional()
    .describe('The command behind its present state; absent where a rule decided'),
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

export const closedCases = z.object({
  thingName: z.string(),
  cases: z.array(z.looseObject({ caseId: z.string(), status, severity, openedAt: time })),
  more: z.boolean().describe('Whether there is a next page'),
  next: z.string().optional().describe('The `cursor` of the next page; absent at the end'),
});

export const sent = z.object({
  command: act,
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
    .describe('Whether the caller counts as a person where two are asked for (guards.fourEyes)'),
  decidedBy: z
    .enum(['groups', 'iam'])
    .describe('`iam` decides at each request: an act with `dryRun` asks it. Groups are those of a token'),
  roles: z
    .array(z.enum(['viewer', 'operator']))
    .describe('Of groups. Whom IAM let in here is a viewer at least'),
  operators: z.string().optional().describe('The group whose members may act'),
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

/** What a replay needs of cases. */
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
  next: z.string().optional().describe('The `cursor` of the next page; absent at the end'),
});

export type CaseListAnswer = z.output<typeof caseList>;
export type Summary = z.output<typeof summary>;
export type PossibleAct = z.output<typeof possibleAct>;
export type MeAnswer = z.output<typeof me>;
export type Restoration = z.output<typeof restoration>;
export type CaseGroup = z.output<typeof caseGroup>;

export const audit = z.object({
  from: time,
  to: time,
  acts: z
    .array(
      z.object({
        at: time,
        actor: z.string(),
        thingName: z.string(),
        caseId: z.string(),
        what: z.string(),
        detail: z.string().optional(),
      }),
    )
    .describe('Newest first'),
  next: z.string().optional().describe('The `cursor` of the next page; it keeps `from` and `to`'),
});

export const bulk = z.object({
  command: act,
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
      reason: z.string().optional(),
    }),
  ),
});

export type AuditAnswer = z.output<typeof audit>;
export type BulkAnswer = z.output<typeof bulk>;
export type FleetAnswer = z.output<typeof fleet>;
export type ThingAnswer = z.output<typeof thing>;
export type MetricSeries = z.output<typeof metricSeries>;
export type RulesAnswer = z.output<typeof rules>;
