import type { PossibleAct } from '../../shared/api/case';
import type { Act, CaseAnswer } from '../api/types';

interface ActWords {
  /** On a button. */
  readonly label: string;
  readonly sent: string;
  readonly key: string;
}

export const actWords: Readonly<Record<Act, ActWords>> = {
  contain: { label: 'Contain', sent: 'Containment', key: 'c' },
  approve: { label: 'Approve', sent: 'Approval', key: 'a' },
  reject: { label: 'Reject', sent: 'Rejection', key: 'r' },
  release: { label: 'Release', sent: 'Release', key: 'l' },
  dismiss: { label: 'Dismiss', sent: 'Dismissal', key: 'd' },
  harden: { label: 'Harden', sent: 'Hardening', key: 'h' },
  comment: { label: 'Comment', sent: 'Comment', key: 'm' },
  assign: { label: 'Take it', sent: 'Assignment', key: 'i' },
};

const consequences: Readonly<Record<Act, string>> = {
  contain: 'is contained now: cut off from all but the kept topics.',
  approve: 'is contained now: cut off from all but the kept topics.',
  reject: 'is not contained in this case. The violation stays on record.',
  release: 'gets back what it had before the containment.',
  dismiss: 'has its case closed as a false positive.',
  harden: 'is held by more actions, until it is released.',
  comment: 'gets the comment in the timeline of its case.',
  assign: 'has somebody on its case.',
};

/** What can be done with a case now, each with what it does. */
export function listActs({
  acts: names,
  possible,
}: Pick<CaseAnswer, 'acts' | 'possible'>): readonly PossibleAct[] {
  const all =
    possible ??
    names.map((action) => ({
      action,
      description: consequences[action],
      consequence: consequences[action],
      ...((action === 'contain' || action === 'harden') && { emphasis: 'dangerous' as const }),
    }));
  const mayApprove = all.some(({ action }) => action === 'approve');
  // Comment and assign have places of their own, and to contain what waits for approval is to approve it.
  const acts = all.filter(
    ({ action }) => action !== 'comment' && action !== 'assign' && !(mayApprove && action === 'contain'),
  );
  return acts.toSorted((one, other) => rank(one) - rank(other));
}

/** What is recommended first, what cuts a device off last. */
function rank({ emphasis }: PossibleAct): number {
  return emphasis === 'recommended' ? 0 : emphasis === 'dangerous' ? 2 : 1;
}
