import type { ActionName } from '../actions/registry';
import { type Case, isOpen } from '../case/case';
import { holdsThing } from '../case/ledger-entry';
import { type ShownRequest, showRequest } from '../case/person-request';
import { findReleaseAt } from '../case/release-rule';
import type { CaseStatus } from '../case/status';
import { describeReason } from '../messages/describe-reason';
import type { Severity } from '../severity';
import { clip } from '../text';
import type { ThingKey } from '../thing-ref';

/** What lists show of a case. It is in the index, so a page of a list reads no case. */
export interface CaseOutline {
  readonly openedAt: number;
  readonly containedAt?: number;
  readonly closedAt?: number;
  /** When the question for approval expires. */
  readonly expiresAt?: number;
  /** When time releases the thing. */
  readonly releaseAt?: number;
  /** `PROFILE/BEHAVIOR`, those in alarm first. */
  readonly behaviors: readonly string[];
  /** How many behaviors are not listed. */
  readonly moreBehaviors?: number;
  readonly groups?: readonly string[];
  readonly playbook?: string;
  /** Actions that hold the thing. */
  readonly actions?: readonly ActionName[];
  readonly reason?: string;
  readonly reasonCode?: string;
  readonly assignee?: string;
  /** When it was last put into the digest of cases that are only recorded. */
  readonly digestAt?: number;
  /** The storm that it is in. */
  readonly storm?: string;
  /** The person whose command changed it last. */
  readonly lastActor?: string;
  /** An order that waits for a second person, until it expires. */
  readonly request?: ShownRequest;
}

/** A case in a list. */
export interface ListedCase extends CaseOutline {
  readonly thingName: ThingKey;
  readonly caseId: string;
  readonly status: CaseStatus;
  readonly severity: Severity;
  /** When it changed last: lists have the newest change first. */
  readonly updatedAt: number;
}

/** An index entry is billed by the kilobyte. */
const maxBehaviors = 5;
const maxGroups = 10;
const maxReason = 160;

export function outlineCase(record: Case): CaseOutline {
  const { caseId, openedAt, containedAt, playbook, ledger, reason } = record;
  const behaviors = Object.entries(record.violations)
    .filter(([, violation]) => violation.caseId === caseId)
    .toSorted(([, one], [, other]) => rankOf(one) - rankOf(other))
    .map(([key]) => key);
  const groups = listGroups(record).slice(0, maxGroups);
  const releaseAt = isOpen(record) ? findReleaseAt(record) : undefined;
  const asks = record.status === 'awaiting-approval' && !record.heldBackBy;
  return {
    openedAt,
    ...(containedAt !== undefined && { containedAt }),
    ...(record.status === 'closed' && { closedAt: record.closedAt }),
    ...(asks && { expiresAt: record.dueAt }),
    ...(releaseAt !== undefined && { releaseAt }),
    behaviors: behaviors.slice(0, maxBehaviors),
    ...(behaviors.length > maxBehaviors && { moreBehaviors: behaviors.length - maxBehaviors }),
    ...(groups.length > 0 && { groups }),
    ...(playbook !== undefined && { playbook }),
    ...(holdsThing(record) && { actions: ledger.filter(isHolding).map(({ action }) => action) }),
    ...(reason && { reason: clip(describeReason(reason), maxReason), reasonCode: reason.code }),
    ...(record.digestAt !== undefined && { digestAt: record.digestAt }),
    ...(record.storm && { storm: record.storm.id }),
    ...(record.assignee !== undefined && { assignee: record.assignee }),
    ...(record.lastActor !== undefined && { lastActor: record.lastActor }),
    ...showRequest(record),
  };
}

/** The groups of the look-up, and the group that Cordon has added the thing to since. */
function listGroups({ facts, ledger }: Case): readonly string[] {
  const found = facts?.kind === 'known' ? facts.groups : [];
  const joined = ledger.flatMap(({ prior, status }) =>
    prior.action === 'quarantine' && (status === 'applied' || status === 'verified') ? prior.thingGroup : [],
  );
  return [...new Set([...joined, ...found])];
}

function rankOf({ lastEventType }: Case['violations'][string]): number {
  return lastEventType === 'in-alarm' ? 0 : 1;
}

function isHolding({ status }: Case['ledger'][number]): boolean {
  return status === 'planned' || status === 'applied' || status === 'verified';
}
