import type { Case, CaseBase, ClosedCase } from './case';
import { listConflicts } from './ledger-entry';
import { byOperator } from './lifecycle';
import type { CaseStatus } from './status';

/** A stored case that may lack a field which its status must have, since an earlier release wrote it. */
export type UncheckedCase = CaseBase &
  Partial<Pick<ClosedCase, 'closedAt' | 'keptUntil'>> & { readonly status: CaseStatus };

const notRecorded = { code: 'text', text: 'not recorded' } as const;

/** The default of `guards.approvalExpires`. */
const approvalMs = 86_400_000;

/**
 * Fills in the fields that a case's status must have and an earlier release did not write. Missing times are those of the
 * last change, so the sweep resumes pending work at once; an approval request stays open for the default time.
 */
export function completeCase(record: UncheckedCase): Case {
  const { closedAt = record.updatedAt, keptUntil: _keptUntil, ...open } = record;
  const { status, reason, updatedAt, dueAt = updatedAt, release = byOperator } = open;
  switch (status) {
    case 'observed':
      return { ...open, status };
    case 'awaiting-approval':
      return { ...open, status, reason: reason ?? notRecorded, dueAt: open.dueAt ?? updatedAt + approvalMs };
    case 'containing':
      return { ...open, status, release, dueAt };
    case 'contained':
      return { ...open, status, release, dueAt, containedAt: open.containedAt ?? updatedAt };
    case 'containment-failed':
      return { ...open, status, release, dueAt, reason: reason ?? { code: 'not-denied' } };
    case 'releasing':
      return { ...open, status, dueAt };
    case 'release-conflict':
      return { ...open, status, reason: reason ?? { code: status, conflicts: listConflicts(open) } };
    case 'closed':
      return { ...record, status, reason: reason ?? notRecorded, closedAt };
    default:
      throw new Error(
        `the case of ${record.thingName} has the status ${status satisfies never} of a newer Cordon: deploy that version`,
      );
  }
}
