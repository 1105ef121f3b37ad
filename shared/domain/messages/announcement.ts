import type { Case } from '../case/case';
import type { PendingAnnouncement } from '../case/outbox';
import { showRequest } from '../case/person-request';
import { openViolations } from '../case/violation-record';
import type { Configuration } from '../configuration';
import { isDrill } from '../drill';
import { findingKey, type Subject } from '../findings/finding';
import type { Evidence } from '../findings/violation';
import type { KillSwitch } from '../guards/kill-switch';
import { clip } from '../text';
import { type Account, referTo } from '../thing-ref';
import type { Announcement } from './announcement-schema';
import { describeAll } from './describe-detail';
import { describeAllNews } from './describe-news';
import { writeDayAndTime } from './describe-reason';
import { describeFinding } from './describe-value';
import { isForDigest } from './digest';
import { type Route, routeMessage } from './routing';

/** What an announcement says beside its case. */
export interface AnnouncementContext {
  /** The account and region that Cordon runs in. */
  readonly own: Account;
  readonly customMetrics: Configuration['customMetrics'];
  /** The address of the console, with a slash at its end; empty if it has none that everybody can open. */
  readonly consoleUrl?: string;
  /** The routes of cordon.yml; without them, every channel shows everything. */
  readonly routes?: readonly Route[] | undefined;
  /** The sweep's digest announces cases that are only recorded. */
  readonly digests?: boolean;
}

export function writeAnnouncement(
  record: Case,
  pending: PendingAnnouncement,
  killSwitch: KillSwitch,
  { own: registry, customMetrics, consoleUrl, routes, digests }: AnnouncementContext,
): Announcement {
  const { appliedMs, verifiedMs } = measure(record);
  const own = Object.values(record.violations).filter(({ caseId }) => caseId === record.caseId);
  const uncounted = [...new Set(own.flatMap((violation) => violation.uncounted ?? []))].slice(0, 10);
  const inAlarm = openViolations(record).slice(0, 20).map(nameKey);
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
    text: clip(`${describeAllNews(pending.news)}${describeExpiry(record, pending)}`, 1000),
    ...(isDrill(record.thingName) && { drill: true }),
    ...((pending.quiet || (digests && isForDigest(pending))) && { quiet: true }),
    ...readReminder(pending),
    // By its own time, so that a repeat goes to the same channels.
    ...(routes && {
      channels: routeMessage(describeRouted(record, pending), pending.at, routes, record.toldTo),
    }),
    ...(killSwitch.state !== 'off' && { killSwitch }),
    ...(record.playbook && { playbook: record.playbook }),
    ...(record.decided && { decided: record.decided }),
    ...showRequest(record),
    ...(consoleUrl && {
      link: `${consoleUrl}cases/${encodeURIComponent(record.thingName)}/${encodeURIComponent(record.caseId)}`,
    }),
    detector: record.detector,
    violations: own.slice(0, 20).map((violation) => ({
      behavior: nameKey(violation),
      ...(violation.kind && { kind: violation.kind }),
      metric: violation.metric ?? '',
      value: clip(JSON.stringify(violation.value ?? null), 500),
      criteria: clip(violation.criteria ?? '', 500),
      words: clip(describeFinding(violation, customMetrics[violation.metric ?? '']?.displayName), 300),
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

/** A behavior's key is shorter. Another product's id may have 512 characters, each of up to seven bytes in the message. */
function nameKey(finding: Subject): string {
  return clip(findingKey(finding), 300);
}

/** Says until when somebody may answer. */
function describeExpiry({ status, heldBackBy, dueAt }: Case, { kind }: PendingAnnouncement): string {
  const isAsked = kind === 'approval-needed' && status === 'awaiting-approval' && !heldBackBy;
  return isAsked && dueAt !== undefined ? `; the request expires at ${writeDayAndTime(dueAt)}` : '';
}

/** An order that waits for a second person goes where approvals are asked for, whatever the status of its case. */
function describeRouted({ severity, playbook, status }: Case, { kind }: PendingAnnouncement) {
  return { severity, playbook, status: kind === 'second-person' ? 'awaiting-approval' : status };
}

function readReminder({ news }: PendingAnnouncement): Pick<Announcement, 'reminder'> {
  const told = news.flatMap((one) => (one.code === 'nobody-on-it' ? one.told : []))[0];
  return told === undefined ? {} : { reminder: told };
}

/**
 * Times in ms from the first alarm of the case: to the last action applied, and to the first verified denial.
 * `decidedMs` is from the decision to contain, which people may take long after the alarm, to the verified denial.
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
    ...(applied.length > 0 &&
      !isLost &&
      record.status !== 'containment-failed' && { appliedMs: Math.max(...applied) - alarmAt }),
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

/** `/bin/sh -c id (pid 4242, user myapp), started by myapp < systemd` */
function describeProcess({ pid, commandLine, executable, user, parents = [] }: Evidence): string {
  const who = [pid !== undefined && `pid ${pid}`, user && `user ${user}`].filter(Boolean).join(', ');
  const by = parents.length > 0 ? `, started by ${parents.join(' < ')}` : '';
  return `${commandLine ?? executable ?? 'a process'}${who && ` (${who})`}${by}`;
}

/** Replaces control characters, bidirectional and line-separating ones, and code points that are no characters. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF\u2028\u2029]/gu, '\uFFFD');
}
