import * as z from 'zod/mini';
import { type Case, openViolations, type PendingAnnouncement } from '../case/case';
import { isDrill } from '../drill';
import { behaviorKey, type Evidence } from '../findings/violation';
import type { KillSwitch } from '../guards/kill-switch';
import { clip } from '../text';
import { type Account, referTo } from '../thing-ref';
import { describeAll } from './describe-detail';
import { describeKillSwitch } from './describe-kill-switch';
import { describeAllNews } from './describe-news';

/**
 * What people and other systems are told, version 1: JSON on the announcements topic, with the message attributes
 * `status`, `severity`, `thingName` and `audience` (`people` or `systems`) to filter on. All of it but the keys may be an attacker's text.
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
  /** The same thing, wherever it is registered; absent in what an earlier release told. */
  thing: z.optional(z.object({ account: z.string(), region: z.string(), name: z.string() })),
  text: z.string(),
  /** Of a thing of `cordon drill`: nothing happened in earnest. */
  drill: z.optional(z.boolean()),
  /** People heard of this with another thing, so that it is for other systems only: the attribute `audience` says so. */
  quiet: z.optional(z.boolean()),
  /** What held actions back when this was told; absent while the kill switch is off. */
  killSwitch: z.optional(
    z.object({
      state: z.enum(['on', 'off', 'unknown']),
      by: z.optional(z.string()),
      at: z.optional(z.string()),
      reason: z.optional(z.string()),
    }),
  ),
  playbook: z.optional(z.string()),
  detector: z.string(),
  violations: z.array(
    z.object({
      behavior: z.string(),
      metric: z.string(),
      value: z.string(),
      criteria: z.string(),
      alarmAt: z.number(),
    }),
  ),
  /** Behaviors whose alarm has not ended. */
  inAlarm: z.optional(z.array(z.string())),
  actions: z.array(z.object({ action: z.string(), status: z.string(), detail: z.string() })),
  evidence: z.array(z.string()),
  /** Exceptions of the agent's configuration that further children were: it did not count them. */
  uncounted: z.optional(z.array(z.string())),
  /** What AWS says of the thing: groups, certificates, policies, who shares them. */
  enrichment: z.array(z.string()),
  alertToAppliedMs: z.optional(z.number()),
  alertToVerifiedMs: z.optional(z.number()),
});

export type Announcement = z.output<typeof announcementSchema>;

export function writeAnnouncement(
  record: Case,
  pending: PendingAnnouncement,
  killSwitch: KillSwitch,
  registry: Account,
): Announcement {
  const { appliedMs, verifiedMs } = measure(record);
  const own = Object.values(record.violations).filter(({ caseId }) => caseId === record.caseId);
  const uncounted = [...new Set(own.flatMap((violation) => violation.uncounted ?? []))].slice(0, 10);
  const inAlarm = openViolations(record).slice(0, 20).map(behaviorKey);
  return {
    version: 1,
    id: `${record.caseId}#${pending.seq}`,
    caseId: record.caseId,
    seq: pending.seq,
    at: pending.at,
    kind: pending.kind,
    status: record.status,
    severity: record.severity,
    thingName: record.thingName,
    thing: referTo(record.thingName, registry),
    text: clip(describeAllNews(pending.news), 1000),
    ...(isDrill(record.thingName) && { drill: true }),
    ...(pending.quiet && { quiet: true }),
    ...(killSwitch.state !== 'off' && { killSwitch }),
    ...(record.playbook && { playbook: record.playbook }),
    detector: record.detector,
    violations: own.slice(0, 20).map((violation) => ({
      behavior: behaviorKey(violation),
      metric: violation.metric,
      value: clip(JSON.stringify(violation.value ?? null), 500),
      criteria: clip(violation.criteria ?? '', 500),
      alarmAt: violation.alarmAt,
    })),
    ...(inAlarm.length > 0 && { inAlarm }),
    actions: record.ledger.map(({ action, status, detail }) => ({
      action,
      status,
      detail: clip(describeAll(detail) ?? '', 500),
    })),
    evidence: own
      .flatMap(({ evidence }) => evidence ?? [])
      .slice(0, 5)
      .map((row) => clip(describeProcess(row), 500)),
    ...(uncounted.length > 0 && { uncounted }),
    enrichment: describeThing(record),
    ...(appliedMs !== undefined && { alertToAppliedMs: appliedMs }),
    ...(verifiedMs !== undefined && { alertToVerifiedMs: verifiedMs }),
  };
}

/**
 * From the first alarm of the case to the last action applied, and to the first verified denial, in ms; `decidedMs` to that
 * from the decision to contain, which people may have taken long after the alarm.
 */
export function measure(record: Case): { appliedMs?: number; verifiedMs?: number; decidedMs?: number } {
  const alarms = Object.values(record.violations).filter(({ caseId }) => caseId === record.caseId);
  // An action that was lost and applied again does not show how fast the first attempt was.
  const { containedAt = Infinity } = record;
  const applied = record.ledger.flatMap(({ appliedAt }) =>
    appliedAt !== undefined && appliedAt <= containedAt ? appliedAt : [],
  );
  const decidedAt = record.pastContainments?.at(-1);
  const decided =
    record.containedAt === undefined || decidedAt === undefined || decidedAt > record.containedAt
      ? {}
      : { decidedMs: record.containedAt - decidedAt };
  if (alarms.length === 0) return decided;
  const isLost = record.ledger.some(
    ({ status, appliedAt }) => status === 'applied' && appliedAt === undefined,
  );
  const alarmAt = Math.min(...alarms.map((violation) => violation.alarmAt));
  return {
    ...decided,
    ...(applied.length > 0 && !isLost && { appliedMs: Math.max(...applied) - alarmAt }),
    ...(record.containedAt !== undefined && { verifiedMs: record.containedAt - alarmAt }),
  };
}

function describeThing({ facts }: Case): string[] {
  if (facts?.kind !== 'known') return [];
  const list = (names: readonly string[]) => names.slice(0, 10).join(', ') || 'none';
  return [
    `thing groups: ${list(facts.groups)}`,
    ...facts.principals.slice(0, 5).map(({ certificateId, policies, sharedWith }) => {
      const shared = sharedWith.length > 0 ? `, shared with ${list(sharedWith)}` : '';
      return `certificate ${certificateId.slice(0, 12)}: policies ${list(policies)}${shared}`;
    }),
  ].map((line) => clip(line, 500));
}

function describeProcess(row: Evidence): string {
  const parts = [
    row.pid === undefined ? undefined : `pid ${row.pid}`,
    row.commandLine ?? row.executable,
    row.user && `user ${row.user}`,
    row.parents?.length ? `under ${row.parents.join(' < ')}` : undefined,
  ];
  return parts.filter(Boolean).join(', ');
}

const titles: Readonly<Record<string, string>> = {
  observed: 'violation recorded',
  'approval-needed': 'waits for approval',
  containing: 'containment applied, not yet verified',
  contained: 'contained',
  'containment-failed': 'CONTAINMENT FAILED',
  'new-violation': 'further violation',
  rejected: 'containment rejected',
  'approval-expired': 'approval expired',
  drift: 'quarantined without a case',
  'new-certificate': 'another certificate while held',
  released: 'released',
  'release-conflict': 'release needs a decision',
  refused: 'command refused',
  dismissed: 'dismissed',
};

export function titleOf({ thingName, kind }: Pick<Announcement, 'thingName' | 'kind'>): string {
  return `${isDrill(thingName) ? 'DRILL ' : ''}${thingName}: ${titles[kind] ?? kind}`;
}

/** The announcement as plain lines, for e-mail. Control characters are gone, so no line can be forged. */
export function writeText(announcement: Announcement): string {
  const lines = [
    titleOf(announcement),
    announcement.text,
    '',
    `Thing:     ${announcement.thingName}`,
    `Case:      ${announcement.caseId}`,
    `Status:    ${announcement.status}`,
    `Severity:  ${announcement.severity}`,
    ...(announcement.killSwitch ? [`Switch:    ${describeKillSwitch(announcement.killSwitch)}`] : []),
    ...(announcement.playbook ? [`Playbook:  ${announcement.playbook}`] : []),
    `Detector:  ${announcement.detector}`,
    ...announcement.violations.map(
      ({ behavior, value, criteria }) => `Violation: ${behavior} is ${value}, normal is ${criteria}`,
    ),
    ...announcement.actions.map(({ action, status, detail }) => `Action:    ${action} ${status}: ${detail}`),
    ...announcement.evidence.map((row) => `Process:   ${row}`),
    ...(announcement.uncounted ?? []).map((row) => `Excepted:  ${row}, by the agent's own configuration`),
    ...announcement.enrichment.map((row) => `Registry:  ${row}`),
    ...(announcement.alertToAppliedMs === undefined
      ? []
      : [`Applied:   ${announcement.alertToAppliedMs} ms after the alert`]),
    ...(announcement.alertToVerifiedMs === undefined
      ? []
      : [`Verified:  ${announcement.alertToVerifiedMs} ms after the alert`]),
  ];
  return lines.map(printable).join('\n');
}

/** Replaces control, bidirectional and line-separating characters, and those that are none. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF\u2028\u2029]/gu, '\uFFFD');
}
