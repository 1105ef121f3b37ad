import type { Case } from '../domain/case/case';
import { recallAlarm } from '../domain/case/record-finding';
import type { ViolationRecord } from '../domain/case/violation-record';
import { damagedItem } from '../domain/damaged-item';
import type { Facts } from '../domain/facts';
import type { Finding } from '../domain/findings/finding';

/** Violations in order of time, and the facts about their things. */
export interface Recording {
  readonly violations: readonly Finding[];
  readonly facts: ReadonlyMap<string, Facts>;
  readonly rejected: readonly Rejection[];
  /** Messages of another kind, such as Audit results. */
  readonly ignored: number;
  /** Limits of the recording that a reader of the result must know. */
  readonly notes: readonly string[];
}

export interface Rejection {
  /** `line 3`, `item 3` of an array, or `the case of mything1`. */
  readonly where: string;
  readonly reason: string;
}

const recallNotes = [
  'a case keeps only the newest alarm of each behavior: earlier ones are not replayed',
  'each thing has the groups, type, attributes and certificates that its newest case recorded',
];

/** What a replay needs of a case. */
export type RecordedCase = Pick<
  Case,
  'caseId' | 'thingName' | 'openedAt' | 'updatedAt' | 'facts' | 'violations'
>;

/**
 * Reconstructs events from the cases in the table: the newest alarm of each behavior, and its end if it ended. `damaged`: the
 * things with a case that can't be read.
 */
export function recallCases(
  cases: readonly RecordedCase[],
  since: number,
  damaged: readonly string[] = [],
): Recording {
  const newest = new Map<string, RecordedCase>();
  // A closed case is in the table twice: archived, and as the thing's newest case until the next one.
  for (const record of cases) {
    const known = newest.get(record.caseId);
    if (!known || record.updatedAt >= known.updatedAt) newest.set(record.caseId, record);
  }
  const records = [...newest.values()].sort((a, b) => a.openedAt - b.openedAt);
  const facts = new Map(
    records.flatMap(({ thingName, facts: known }) => (known ? [[thingName, known] as const] : [])),
  );
  const violations = records.flatMap(({ caseId, thingName, violations: stored }) =>
    Object.values(stored)
      .filter((violation) => violation.caseId === caseId)
      .flatMap((violation) => recallEvents(thingName, violation)),
  );
  const recent = violations.filter(({ occurredAt }) => occurredAt >= since);
  const rejected = damaged.map((thingName) => ({ where: `the case of ${thingName}`, reason: damagedItem }));
  return { violations: sortByTime(recent), facts, rejected, ignored: 0, notes: recallNotes };
}

function recallEvents(thingName: string, record: ViolationRecord): Finding[] {
  const alarm = { ...recallAlarm(record, thingName), occurredAt: record.alarmAt };
  if (alarm.kind === 'external' || record.lastEventType === 'in-alarm') return [alarm];
  const end = { occurredAt: record.lastEventAt };
  return alarm.kind === 'audit'
    ? [alarm, { ...alarm, ...end, eventType: 'alarm-cleared' }]
    : [alarm, { ...alarm, ...end, eventType: record.lastEventType }];
}

export function sortByTime(violations: readonly Finding[]): Finding[] {
  return violations.toSorted((a, b) => a.occurredAt - b.occurredAt);
}
