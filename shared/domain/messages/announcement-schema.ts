import * as z from 'zod/mini';

/**
 * What people and other systems receive, version 1: JSON on the announcements topic, with the message attributes
 * `status`, `severity`, `thingName` and `audience` (`people`, `systems`, `update` or `heartbeat`) to filter on. All of it but the keys may be an
 * attacker's text.
 */
export const announcementSchema = z.object({
  version: z.literal(1),
  /** Unique, and the same when repeated. */
  id: z.string(),
  caseId: z.string(),
  /** Rises within a case; a lower one is older news. */
  seq: z.number(),
  at: z.number(),
  kind: z.string(),
  status: z.string(),
  severity: z.string(),
  thingName: z.string(),
  /** The same thing, wherever it is registered; absent in announcements of an earlier release. */
  thing: z.optional(z.object({ account: z.string(), region: z.string(), name: z.string() })),
  text: z.string(),
  /** For a message about several cases: its first line, the cases, and what to type next. */
  title: z.optional(z.string()),
  cases: z.optional(z.array(z.string())),
  commands: z.optional(z.array(z.string())),
  /** The thing is one of `cordon drill`: nothing happened in earnest. */
  drill: z.optional(z.boolean()),
  /** Another thing's message covers this for people, so it is for other systems only: the attribute `audience` says so. */
  quiet: z.optional(z.boolean()),
  /** Newer numbers of an earlier message, for channels that change what they show. */
  update: z.optional(z.boolean()),
  /** The number of this reminder: nobody took the case. */
  reminder: z.optional(z.number()),
  /** The channels for people that it goes to; absent if it goes to all of them. */
  channels: z.optional(z.array(z.string())),
  /** What held actions back at that time; absent while the kill switch is off. */
  killSwitch: z.optional(
    z.object({
      state: z.enum(['on', 'off', 'unknown']),
      by: z.optional(z.string()),
      at: z.optional(z.string()),
      reason: z.optional(z.string()),
    }),
  ),
  playbook: z.optional(z.string()),
  /** The operator's command behind the present state; absent if a rule decided. */
  decided: z.optional(z.object({ command: z.string(), actor: z.string(), comment: z.optional(z.string()) })),
  /** An operator's order that waits for a second person until it expires. */
  request: z.optional(
    z.object({
      action: z.string(),
      actor: z.string(),
      expires: z.number(),
      force: z.optional(z.literal(true)),
      actions: z.optional(z.readonly(z.array(z.string()))),
    }),
  ),
  /** Its page in the console, if there is one. */
  link: z.optional(z.string()),
  detector: z.string(),
  violations: z.array(
    z.object({
      /** `PROFILE/BEHAVIOR`, `external finding/SENDER/UID` or `audit finding/CHECK/RESOURCE`, of 300 characters at most. */
      behavior: z.string(),
      /** `external` or `audit`; absent for a behavior, which alone has a metric, a value and criteria. */
      kind: z.optional(z.string()),
      metric: z.string(),
      value: z.string(),
      criteria: z.string(),
      /** Value and criteria as people read them; absent in announcements of an earlier release. */
      words: z.optional(z.string()),
      alarmAt: z.number(),
    }),
  ),
  /** Behaviors whose alarm has not ended. */
  inAlarm: z.optional(z.array(z.string())),
  actions: z.array(z.object({ action: z.string(), status: z.string(), detail: z.string() })),
  evidence: z.array(z.string()),
  /** Exceptions of the agent's configuration that further children were: it did not count them. */
  uncounted: z.optional(z.array(z.string())),
  /** What AWS returns about the thing: groups, certificates, policies, who shares them. */
  enrichment: z.array(z.string()),
  alertToAppliedMs: z.optional(z.number()),
  alertToVerifiedMs: z.optional(z.number()),
});

export type Announcement = z.output<typeof announcementSchema>;
