import type { Case } from '../../shared/domain/case/case';
import { settle } from '../../shared/domain/case/settle';
import type { CaseStatus } from '../../shared/domain/case/status';
import { nextStep, recordOutcome } from '../../shared/domain/case/steps';
import type { Command } from '../../shared/domain/decide/command';
import type { ToldFlood } from '../../shared/domain/detection/floods';
import type { Violation } from '../../shared/domain/findings/violation';
import type { KillSwitch } from '../../shared/domain/guards/kill-switch';
import type { Heartbeat } from '../../shared/domain/heartbeat';
import { matchesFilter } from '../../shared/domain/lists/filter';
import { type ListedCase, outlineCase } from '../../shared/domain/lists/outline';
import { describeEntry } from '../../shared/domain/messages/describe-event';
import { thingKey } from '../../shared/domain/thing-ref';
import type { CasePage, CaseQuery } from '../../shared/storage/case-list';
import { hashRow, type TimelineRow } from '../../shared/timeline';
import { aContext, aViolation, changedBy, now, type Situation, words } from '../builders';

/** A case with its timeline in the table. */
export interface StoredCase {
  readonly record: Case;
  readonly rows: readonly TimelineRow[];
}

/** A case after a command with every step done, its outbox not yet sent. */
export function advance(current: Case | undefined, command: Command, over: Partial<Situation> = {}): Case {
  const { now: at } = aContext(over);
  let record = changedBy(current, command, over);
  const seen = new Set<Case['ledger'][number]['action']>();
  for (let step = nextStep(record, seen); step; step = nextStep(record, seen)) {
    record = recordOutcome(record, step, { result: 'done', detail: [words(`${step.kind} was done`)] }, at);
    if (step.kind === 'verify') seen.add(step.entry.action);
  }
  return settle(record, at);
}

/** Writes the pending rows of a case's timeline, as the table does. */
export function flush({ record, rows }: StoredCase): StoredCase {
  const { caseId, thingName, outbox, timelineHead, timelineSeq } = record;
  const at = String(outbox.timeline[0]?.at ?? 0).padStart(15, '0');
  const sk = `${at}#${String(timelineSeq).padStart(6, '0')}`;
  const row = {
    caseId,
    thingName,
    sk,
    entries: outbox.timeline.map(describeEntry),
    previousHash: timelineHead,
  };
  const hash = hashRow(row);
  return {
    record: {
      ...record,
      outbox: { announcements: [], timeline: [] },
      timelineHead: hash,
      timelineSeq: timelineSeq + 1,
    },
    rows: [...rows, { ...row, hash }],
  };
}

export function alarm(over: Partial<Violation> = {}): Command {
  const violation = aViolation(over);
  return { type: 'violation', thingName: thingKey(violation.thingName), violation };
}

/** Contained after one alarm, all written. */
export function aContainedCase(
  violation: Partial<Violation> = {},
  over: Partial<Situation> = {},
): StoredCase {
  return flush({ record: advance(undefined, alarm(violation), over), rows: [] });
}

/** Contained and released after a minute: two rows. */
export function aReleasedCase(): StoredCase {
  const { record, rows } = aContainedCase();
  const release = {
    type: 'release',
    thingName: thingKey('mything1'),
    actor: 'ada',
    comment: 'cleaned',
    force: true,
  } as const;
  return flush({ record: advance(record, release, { now: now + 60_000 }), rows });
}

/** The table as the CLI reads it: the newest case of each thing, archived ones, ids of damaged ones, and every timeline. */
export function aTable(
  newest: readonly StoredCase[],
  archived: readonly StoredCase[] = [],
  damaged: readonly string[] = [],
) {
  const all = [...newest, ...archived];
  const listed = all.map(({ record }): ListedCase => {
    const { thingName, caseId, status, severity, updatedAt } = record;
    return { thingName, caseId, status, severity, updatedAt, ...outlineCase(record) };
  });
  return {
    killSwitch: { read: async (): Promise<KillSwitch> => ({ state: 'off' }) },
    floods: { list: async (_now: number): Promise<ToldFlood[]> => [] },
    heartbeats: { read: async (): Promise<Heartbeat | undefined> => undefined },
    list: {
      page: async ({ statuses, filter = {}, limit }: CaseQuery): Promise<CasePage> => {
        const wanted = statuses.flatMap((status) =>
          listed.filter((one) => one.status === status && matchesFilter(one, filter)),
        );
        const next = wanted.length > limit ? { next: 'more' } : {};
        return { cases: wanted.slice(0, limit), examined: listed.length, ...next };
      },
      readAll: async (statuses: readonly CaseStatus[]) => ({
        cases: listed.filter(({ status }) => statuses.includes(status)),
        isComplete: true,
      }),
    },
    cases: {
      load: async (thingName: string) => {
        const found = newest.find(({ record }) => record.thingName === thingName);
        return found && { value: found.record, version: 1 };
      },
    },
    history: {
      listByStatus: async (status: string) =>
        newest.map(({ record }) => record).filter((one) => one.status === status),
      listClosed: async (thingName: string) => ({
        cases: archived.map(({ record }) => record).filter((record) => record.thingName === thingName),
        damaged,
      }),
      findExpiry: async (_name: string): Promise<number | undefined> => undefined,
      readTimeline: async (caseId: string) => [
        ...(all.find(({ record }) => record.caseId === caseId)?.rows ?? []),
      ],
    },
  };
}
