import type { PossibleAction } from '../../shared/api/case';
import type { OperatorAction } from '../api/types';

interface ActionWords {
  /** On a button. */
  readonly label: string;
  readonly sent: string;
  readonly key: string;
}

export const actionWords: Readonly<Record<OperatorAction, ActionWords>> = {
  contain: { label: 'Contain', sent: 'Containment', key: 'c' },
  approve: { label: 'Approve', sent: 'Approval', key: 'a' },
  reject: { label: 'Reject', sent: 'Rejection', key: 'r' },
  release: { label: 'Release', sent: 'Release', key: 'l' },
  dismiss: { label: 'Dismiss', sent: 'Dismissal', key: 'd' },
  harden: { label: 'Harden', sent: 'Hardening', key: 'h' },
  comment: { label: 'Comment', sent: 'Comment', key: 'm' },
  assign: { label: 'Take it', sent: 'Assignment', key: 'i' },
};

/** The operator actions that are possible with a case now, each with its consequence. */
export function listActions(possible: readonly PossibleAction[]): readonly PossibleAction[] {
  const mayApprove = possible.some(({ action }) => action === 'approve');
  // Comment and assign have places of their own, and to contain what waits for approval is to approve it.
  const acts = possible.filter(
    ({ action }) => action !== 'comment' && action !== 'assign' && !(mayApprove && action === 'contain'),
  );
  return acts.toSorted((one, other) => rank(one) - rank(other));
}

/** Recommended acts come first, acts that cut a device off last. */
function rank({ emphasis }: PossibleAction): number {
  return emphasis === 'recommended' ? 0 : emphasis === 'dangerous' ? 2 : 1;
}
