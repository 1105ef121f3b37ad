import type { PossibleAct } from '../../shared/api/answers';
import type { Act, CaseAnswer } from '../api/types';

interface ActWords {
  /** On a button. */
  readonly label: string;
  /** In a sentence: `Release 3 things`. */
  readonly verb: string;
  readonly sent: string;
  readonly key: string;
}

export const actWords: Readonly<Record<Act, ActWords>> = {
  contain: { label: 'Contain', verb: 'Contain', sent: 'Containment', key: 'c' },
  approve: { label: 'Approve', verb: 'Approve the containment of', sent: 'Approval', key: 'a' },
  reject: { label: 'Reject', verb: 'Reject the containment of', sent: 'Rejection', key: 'r' },
  release: { label: 'Release', verb: 'Release', sent: 'Release', key: 'l' },
  dismiss: { label: 'Dismiss', verb: 'Dismiss the case of', sent: 'Dismissal', key: 'd' },
};

const consequences: Readonly<Record<Act, string>> = {
  contain: 'is contained now: cut off from all but the kept topics.',
  approve: 'is contained now: cut off from all but the kept topics.',
  reject: 'is not contained in this case. The violation stays on record.',
  release: 'gets back what it had before the containment.',
  dismiss: 'has its case closed as a false positive.',
};

/** What can be done with a case now, each with what it does. */
export function listActs({ acts, possible }: Pick<CaseAnswer, 'acts' | 'possible'>): readonly PossibleAct[] {
  return (
    possible ??
    acts.map((action) => ({
      action,
      description: consequences[action],
      consequence: consequences[action],
      ...(action === 'contain' && { emphasis: 'dangerous' as const }),
    }))
  );
}
