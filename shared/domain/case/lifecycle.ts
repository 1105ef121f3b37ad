import type { ReleaseRule } from '../configuration';
import type { Facts } from '../facts';
import type { ThingKey } from '../thing-ref';
import type { Case, ContainingCase } from './case';
import { note } from './outbox';
import type { Reason } from './reasons';
import { withoutEvidence } from './record-finding';
import { openViolations } from './violation-record';

interface Opening {
  readonly thingName: ThingKey;
  readonly newCaseId: string;
  readonly facts: Facts;
  readonly now: number;
}

/** How soon the sweep resumes what an invocation left unfinished. */
export const retryMs = 60_000;

/** The release rule of a containment without a playbook: an operator releases the thing. */
export const byOperator: ReleaseRule = { by: 'operator' };

/** Returns a held thing's case to `containing`, so that its actions are applied and verified again; its release rule stays. */
export function containAgain(record: Case, now: number): ContainingCase {
  return { ...record, status: 'containing', release: record.release ?? byOperator, dueAt: now + retryMs };
}

/** Opens a case with the memory of the thing's earlier cases. */
export function newCase(
  previous: Case | undefined,
  detector: Case['detector'],
  severity: Case['severity'],
  { thingName, newCaseId, facts, now }: Opening,
): Case {
  const base: Case = {
    schema: 1,
    caseId: newCaseId,
    thingName,
    status: 'observed',
    severity,
    openedAt: now,
    updatedAt: now,
    detector,
    violations: withoutEvidence(previous?.violations ?? {}),
    ledger: [],
    ...(previous?.settledAt !== undefined && { settledAt: previous.settledAt }),
    ...(previous?.outOfOrderClears && { outOfOrderClears: previous.outOfOrderClears }),
    ...(previous?.pastContainments && { pastContainments: previous.pastContainments }),
    ...(facts.kind === 'known' && { facts }),
    outbox: { announcements: [], timeline: [] },
    timelineHead: '',
    timelineSeq: 0,
    announcementSeq: 0,
  };
  const groups = facts.kind === 'known' && { groups: facts.groups };
  return note(base, { at: now, event: { code: 'opened', ...groups } });
}

/** A case without containment or approval request continues only for its open violations. */
export function closeIfCleared(record: Case, now: number): Case {
  if (openViolations(record).length > 0) return record;
  const { reason: after } = record;
  return close(record, { code: 'cleared', ...(after && { after }) }, now);
}

/** Ends a case; its item stays as the thing's memory. */
export function close(record: Case, reason: Reason, now: number, actor?: string): Case {
  const { dueAt: _dueAt, request: _request, ...rest } = record;
  const { foldedEvents: folded } = rest;
  const isSettled = reason.code !== 'cleared' || rest.rejections !== undefined || rest.rejected === true;
  return note(
    { ...rest, ...(isSettled && { settledAt: now }), status: 'closed', closedAt: now, reason },
    { at: now, event: { code: 'closed', reason, ...(folded && { folded }) }, ...(actor && { actor }) },
  );
}
