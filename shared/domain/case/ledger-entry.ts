import type { ActionName, PriorState } from '../actions/registry';
import type { Detail } from './details';

/**
 * planned -> applied -> verified; failed if AWS refused permanently. Reverting goes back: reverted, or conflict if
 * somebody else changed what would be restored.
 */
type LedgerStatus = 'planned' | 'applied' | 'verified' | 'failed' | 'reverted' | 'conflict';

/** One mitigation action of the containment: what was there before, what was done, what release must restore. */
export interface LedgerEntry {
  readonly action: ActionName;
  readonly status: LedgerStatus;
  /**
   * Marks a temporary deactivation of certificates, for the time in which IoT Core may use cached policies: it is reverted
   * as soon as the denial by policy has spread, while the thing stays contained.
   */
  readonly temporary?: {
    /** How long a policy change takes to spread. */
    readonly spreadMs: number;
    /** The time has passed: it is reverted once the denial by policy is verified again. */
    readonly over?: true;
  };
  readonly prior: PriorState;
  readonly plannedAt: number;
  readonly appliedAt?: number;
  readonly verifiedAt?: number;
  readonly revertedAt?: number;
  /** What the last step did or found. */
  readonly detail?: readonly Detail[];
  /** The action that AWS refused and that this one replaces. */
  readonly standsInFor?: ActionName;
  /** It is applied, and no source of AWS could say whether it denies. */
  readonly unproven?: true;
  /** The parts of a reverted entry that are not as they were before. */
  readonly left?: readonly Detail[];
  /** How often it was applied, or may have been; 0: no call was made for it. */
  readonly attempts: number;
  /** It was applied, or may have been, though `appliedAt` has yet to count from another time. */
  readonly wasApplied?: true;
}

/**
 * What Cordon's calls for an action changed: nothing, because no call was made; nothing, because AWS refused; or
 * possibly everything.
 */
export type Touched = 'nothing' | 'refused' | 'maybe';

export function findTouched({ status, attempts, appliedAt, wasApplied }: LedgerEntry): Touched {
  if (appliedAt !== undefined || wasApplied) return 'maybe';
  if (attempts === 0) return 'nothing';
  return status === 'failed' ? 'refused' : 'maybe';
}

/** The fields of a ledger entry that decide whether it holds the thing. */
export interface HeldLedger {
  readonly ledger: readonly Pick<LedgerEntry, 'status' | 'prior'>[];
}

/** Whether mitigation actions hold the thing, or may. */
export function holdsThing({ ledger }: HeldLedger): boolean {
  return ledger.some(({ status }) => status === 'planned' || status === 'applied' || status === 'verified');
}

/** Whether AWS failed in a way that may pass: the sweep then continues the release. */
export function hasTransient(conflicts: readonly { readonly detail: readonly Detail[] }[]): boolean {
  return conflicts.some(({ detail }) => detail.some((one) => one.code === 'aws-error' && one.isTransient));
}

/** Actions that a release could not revert, since somebody else changed what they restore. */
export function listConflicts({ ledger }: { readonly ledger: readonly LedgerEntry[] }) {
  return ledger.flatMap(({ action, status, detail = [] }) =>
    status === 'conflict' ? [{ action, detail }] : [],
  );
}
