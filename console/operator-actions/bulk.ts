import type { CaseStatus, OperatorAction } from '../api/types';

/** Acts that make sense for many cases at once. A containment without a request is decided for each thing. */
export type BulkAction = Exclude<OperatorAction, 'contain' | 'comment'>;

interface BulkWords {
  readonly label: string;
  readonly consequence: string;
  /** The operator action changes no device, so nobody has to type the number. */
  readonly isHarmless?: true;
}

export const bulkWords: Readonly<Record<BulkAction, BulkWords>> = {
  approve: {
    label: 'Approve',
    consequence: 'Each is contained now: cut off from all but the kept topics.',
  },
  reject: {
    label: 'Reject',
    consequence: 'None is contained in this case. The violations stay on record.',
  },
  release: { label: 'Release', consequence: 'Each gets back what it had before the containment.' },
  dismiss: {
    label: 'Dismiss',
    consequence: 'Their cases are closed as false positives. What a release left in conflict stays as it is.',
  },
  harden: {
    label: 'Harden',
    consequence: 'Each is held by these actions too, until it is released.',
  },
  assign: {
    label: 'Take',
    consequence: 'You are on each of these cases. Nothing changes for the devices, and reminders stop.',
    isHarmless: true,
  },
};

const held: readonly BulkAction[] = ['release', 'harden', 'assign'];

/** The operator actions that apply to all cases of a status. */
export const bulkActions: Readonly<Record<CaseStatus, readonly BulkAction[]>> = {
  'containment-failed': held,
  'release-conflict': ['release', 'dismiss', 'assign'],
  'awaiting-approval': ['approve', 'reject', 'assign'],
  containing: held,
  releasing: ['assign'],
  contained: held,
  observed: ['dismiss', 'assign'],
  closed: [],
};

/** The operator actions that apply to cases of all these statuses. */
export function listCommonActions(statuses: readonly CaseStatus[]): readonly BulkAction[] {
  const acts = Object.keys(bulkWords) as readonly BulkAction[];
  return acts.filter((act) => statuses.every((status) => bulkActions[status].includes(act)));
}
