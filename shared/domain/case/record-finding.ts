import { type Finding, findingKey } from '../findings/finding';
import type { BehaviorSubject, Violation } from '../findings/violation';
import { clip } from '../text';
import type { Case } from './case';
import { noteEvent } from './outbox';
import type { FindingRecord, ViolationRecord } from './violation-record';

const maxWithEvidence = 15;

/** Keeps of earlier cases only what identifies a late repeat, because an item is limited to 400 KB. */
export function withoutEvidence(violations: Case['violations']): Case['violations'] {
  return Object.fromEntries(
    Object.entries(violations).map(([key, violation]) => {
      if (violation.kind !== undefined) return [key, violation];
      const { evidence: _e, isPartial: _p, uncounted: _u, value: _v, criteria: _c, ...rest } = violation;
      return [key, rest];
    }),
  );
}

/** Characters of a value in the timeline; the case has the whole value. */
const maxValueText = 300;

/** Takes an event into the case and its timeline. */
export function recordFinding(current: Case, finding: Finding, now: number): Case {
  const { eventType, claimedAt, occurredAt } = finding;
  return noteEvent(keepFinding(current, finding, now), {
    at: now,
    event: {
      code: 'violation',
      eventType,
      behavior: findingKey(finding),
      ...(finding.kind === undefined && { metric: finding.metric }),
      value: clip(JSON.stringify(listTold(finding)), maxValueText),
      ...(claimedAt !== undefined && { aheadSeconds: Math.ceil((claimedAt - occurredAt) / 1_000) }),
    },
  });
}

/** The fields of a finding that a row of the timeline has. */
function listTold(finding: Finding): object {
  switch (finding.kind) {
    case undefined:
      return finding.value ?? {};
    case 'external': {
      const { title, severity, product } = finding;
      return { title, severity, product };
    }
    case 'audit': {
      const { reason, severity } = finding;
      return { reason, severity };
    }
  }
}

/** Takes an event into the case alone. */
export function keepFinding(current: Case, finding: Finding, now: number): Case {
  const key = findingKey(finding);
  const known = current.violations[key];
  const entry = keep(current, known, finding);
  const others = boundOthers(
    Object.entries(current.violations).filter(([other]) => other !== key),
    current.caseId,
  );
  // A case of very many violations keeps the evidence of the newest.
  const remembered =
    others.length < maxWithEvidence
      ? Object.fromEntries(others)
      : withoutEvidence(Object.fromEntries(others));
  return { ...current, updatedAt: now, violations: { ...remembered, [key]: entry } };
}

/** A sender of alerts or findings can invent any number of names, and an item is limited to 400 KB. */
const maxFindings = 30;
/** More than the profiles of a thing have. */
const maxBehaviors = 120;

type Named = readonly [key: string, violation: ViolationRecord];

/** The other entries, without the oldest that must go so that one more fits. */
function boundOthers(others: readonly Named[], caseId: string): readonly Named[] {
  const found = others.filter(([, { kind }]) => kind !== undefined);
  const behaviors = others.filter(([, { kind }]) => kind === undefined);
  // A containment is usually for the first behavior in alarm, so that one is forgotten last.
  const isOpen = ([, one]: Named) => one.caseId === caseId && one.lastEventType === 'in-alarm';
  const dropped = new Set([
    ...found.toSorted(byAge).slice(0, surplusOf(found, maxFindings)),
    ...[
      ...behaviors.filter((one) => !isOpen(one)).toSorted(byAge),
      ...behaviors.filter(isOpen).toSorted(byAge).reverse(),
    ].slice(0, surplusOf(behaviors, maxBehaviors)),
  ]);
  return others.filter((one) => !dropped.has(one));
}

function byAge([, one]: Named, [, other]: Named): number {
  return one.lastEventAt - other.lastEventAt;
}

function surplusOf({ length }: readonly Named[], most: number): number {
  return Math.max(0, length - most + 1);
}

function keep(current: Case, known: ViolationRecord | undefined, finding: Finding): ViolationRecord {
  const alarm = finding.eventType === 'in-alarm';
  const event = {
    caseId: current.caseId,
    violationId: finding.violationId,
    lastEventType: finding.eventType,
    lastEventAt: finding.occurredAt,
    alarmAt: alarm ? finding.occurredAt : (known?.alarmAt ?? finding.occurredAt),
    ...(alarm && finding.kind === undefined && { alarms: noteAlarm(known, finding.occurredAt) }),
  };
  switch (finding.kind) {
    case undefined:
      return { ...keepBehavior(current, known, finding), ...event };
    case 'external':
    case 'audit': {
      const {
        thingName: _thing,
        eventType: _type,
        occurredAt: _at,
        claimedAt: _claimed,
        ...subject
      } = finding;
      return subject.kind === 'external'
        ? { ...(known?.kind === 'external' && known), ...subject, ...event }
        : { ...(known?.kind === 'audit' && known), ...subject, ...event };
    }
  }
}

/** No more alarms of a behavior are under way at once. */
const mostAlarms = 10;

function noteAlarm(known: ViolationRecord | undefined, at: number): readonly number[] {
  const [since = 0, ...times] = known?.alarms ?? [known?.lastEventAt ?? 0];
  const all = [...new Set([...times, at])].sort((one, other) => one - other);
  return [since, ...all].slice(-1 - mostAlarms);
}

/** Whether an alarm of a behavior is new, though it is older than the last event: a queue delayed it. */
export function wasOvertaken(current: Case, known: ViolationRecord, alarm: Finding): alarm is Violation {
  const [since = Infinity, ...times] = known.alarms ?? [];
  const { kind, eventType, occurredAt } = alarm;
  const isNew = kind === undefined && eventType === 'in-alarm' && !times.includes(occurredAt);
  return isNew && occurredAt > since && occurredAt > (current.settledAt ?? 0);
}

function keepBehavior(
  current: Case,
  known: ViolationRecord | undefined,
  violation: Violation,
): BehaviorSubject & Pick<FindingRecord, 'defenderId'> & Pick<Violation, 'detector'> {
  const alarm = violation.eventType === 'in-alarm';
  const sameCase = known?.caseId === current.caseId;
  const defenderId =
    violation.detector === 'device-defender' ? violation.violationId : sameCase && known.defenderId;
  const hadEvidence = known?.evidence !== undefined;
  const before: Partial<BehaviorSubject & FindingRecord> = known?.kind === undefined ? (known ?? {}) : {};
  const { defenderId: _defenderId, isPartial, uncounted, excepted: _excepted, ...kept } = before;
  return {
    ...kept,
    securityProfileName: violation.securityProfileName,
    behaviorName: violation.behaviorName,
    metric: violation.metric,
    detector: violation.detector,
    ...(defenderId && { defenderId }),
    // The case keeps the value that violated, which is its cause. The timeline has the value of the clear.
    ...((alarm || !sameCase) && {
      ...(violation.value && { value: violation.value }),
      ...(violation.criteria && { criteria: violation.criteria }),
    }),
    ...(alarm && violation.reporter && { reporter: violation.reporter }),
    ...(alarm && violation.evidence && { evidence: violation.evidence }),
    // Earlier evidence stays for people, but does not describe this alarm.
    ...((alarm ? (violation.isPartial ?? (hadEvidence && !violation.evidence)) : isPartial) && {
      isPartial: true as const,
    }),
    ...listUncounted(alarm ? violation.uncounted : uncounted),
    ...(violation.confidence && { confidence: violation.confidence }),
  };
}

/** The newest alarm of a finding that a case keeps, as if it came now. */
export function recallAlarm(known: ViolationRecord, thingName: string): Finding {
  const {
    caseId: _caseId,
    lastEventType: _lastEventType,
    lastEventAt: occurredAt,
    alarmAt: _alarmAt,
    alarms: _alarms,
    toldAt: _toldAt,
    excepted: _excepted,
    defenderId: _defenderId,
    ...subject
  } = known;
  const event = { thingName, eventType: 'in-alarm' as const, occurredAt };
  switch (subject.kind) {
    case undefined:
      return { ...subject, ...event, detector: subject.detector ?? 'device-defender' };
    case 'external':
    case 'audit':
      return { ...subject, ...event };
  }
}

function listUncounted(uncounted: Violation['uncounted']): Pick<BehaviorSubject, 'uncounted'> {
  return uncounted ? { uncounted } : {};
}
