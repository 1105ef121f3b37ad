import { type Case, isContainment, isOpen } from '../case/case';
import { holdsThing } from '../case/ledger-entry';
import { type CaseStatus, openStatuses } from '../case/status';

/** What an operator may ask for, in the order in which surfaces offer it. */
export const operatorActions = [
  'contain',
  'approve',
  'reject',
  'release',
  'dismiss',
  'harden',
  'comment',
  'assign',
] as const;

/** The limit of a person's text in a command: respond sets aside a command with more characters. */
export const mostCharacters = { comment: 1_000, person: 256 } as const;

export type OperatorAction = (typeof operatorActions)[number];

/** All that a surface (command line, HTTP API, Slack, docs) needs to know of an operator's action. */
export interface OperatorActionDescriptor {
  /** What it does, for help and docs. */
  readonly description: string;
  /** The effect on the thing, after its name, for a confirmation. */
  readonly consequence: string;
  /** Statuses in which an announcement offers it. */
  readonly offeredIn: readonly CaseStatus[];
  /** How a surface marks the action; without this, like any other. */
  readonly emphasis?: 'recommended' | 'dangerous';
  /** What `force` overrides; without this, the action can't be forced. */
  readonly forcible?: string;
  /** What its command must say. */
  readonly needs?: 'actions' | 'comment';
  /** Statuses in which it is finished, with the text after the thing's name; by default the case's reason. */
  readonly ends: { readonly reached: readonly string[]; readonly done?: string };
  /** Why the action does not apply to the thing's present case, to be read after the thing's name. */
  readonly objection: (record: Case | undefined) => string | undefined;
}

const unlessWaiting = (record: Case | undefined): string | undefined =>
  record?.status === 'awaiting-approval' ? undefined : 'has nothing that awaits approval';

const unlessOpen = (record: Case | undefined): string | undefined =>
  isOpen(record) ? undefined : 'has no open case';

// Names and no spread: a bundle leaves the descriptors out if nothing reads them.
const cutsOff = 'is contained now: cut off from all but the kept topics.';
const evenIfOthersAreAffected = 'even if the thing is exempt, or others use its certificate or policy';
const endsContained = { reached: ['contained'], done: 'is contained, and the denial is verified' } as const;

export const operatorActionDescriptors: Readonly<Record<OperatorAction, OperatorActionDescriptor>> = {
  contain: {
    description: 'contain a thing without waiting for an alert',
    consequence: cutsOff,
    offeredIn: ['observed'],
    emphasis: 'dangerous',
    forcible: evenIfOthersAreAffected,
    ends: endsContained,
    objection: (record) =>
      isOpen(record) && holdsThing(record) ? `is already held (${record.status})` : undefined,
  },
  approve: {
    description: 'approve a containment that waits for approval',
    consequence: cutsOff,
    offeredIn: ['awaiting-approval'],
    emphasis: 'recommended',
    forcible: evenIfOthersAreAffected,
    ends: endsContained,
    objection: unlessWaiting,
  },
  reject: {
    description: 'refuse what waits for approval or for a second person; a violation stays on record',
    consequence:
      'is not contained in this case, or its containment not changed. A violation stays on record.',
    offeredIn: ['awaiting-approval'],
    // A clear that came right after may have closed the case.
    ends: { reached: ['observed', 'closed'], done: 'is not contained; its violation stays on record' },
    objection: (record) => (isOpen(record) && record.request ? undefined : unlessWaiting(record)),
  },
  release: {
    description: 'release a thing: restore exactly what its containment changed',
    consequence: 'gets back what it had before the containment.',
    offeredIn: ['containing', 'contained', 'containment-failed', 'release-conflict'],
    forcible: 'even if it is still in alarm and would be contained again at once',
    // The reason of the closed case names the objects that the release did not restore.
    ends: { reached: ['closed'] },
    objection: (record) => (isOpen(record) && record.ledger.length > 0 ? undefined : 'is not contained'),
  },
  dismiss: {
    description: 'close a case that contains nothing, as a false positive',
    consequence: 'has its case closed as a false positive. What a release left in conflict stays as it is.',
    // A thing that is held is released first.
    offeredIn: ['observed', 'release-conflict'],
    ends: { reached: ['closed'], done: 'has no open case any more' },
    objection: (record) => {
      if (!isOpen(record)) return unlessOpen(record);
      return record.ledger.some(({ status }) => status !== 'reverted' && status !== 'conflict')
        ? `is held (${record.status}): release it first`
        : undefined;
    },
  },
  harden: {
    description: 'add actions to a containment; a release undoes them too',
    consequence: 'is held by these actions too, until it is released.',
    offeredIn: [],
    emphasis: 'dangerous',
    needs: 'actions',
    forcible: 'even if others use its certificate or policy',
    ends: { reached: ['contained'], done: 'is hardened, and the denial is verified' },
    objection: (record) => (record && isContainment(record) ? undefined : 'is not held'),
  },
  comment: {
    description: 'add a comment to the open case',
    consequence: 'gets the comment in the timeline of its case.',
    offeredIn: [],
    needs: 'comment',
    ends: { reached: openStatuses, done: 'has the comment in its timeline' },
    objection: unlessOpen,
  },
  assign: {
    description: 'assign the open case to you, or to somebody else',
    consequence: 'has an assignee for its case.',
    offeredIn: [],
    ends: { reached: openStatuses, done: 'has its case assigned' },
    objection: unlessOpen,
  },
};

/** What an announcement of a case in this status offers. */
export function listOffered(status: string): readonly OperatorAction[] {
  return operatorActions.filter((action) =>
    operatorActionDescriptors[action].offeredIn.some((offered) => offered === status),
  );
}

/** What can be done with the case now. */
export function listPossible(record: Case | undefined): readonly OperatorAction[] {
  return operatorActions.filter((action) => findObjection(action, record) === undefined);
}

/** Why an action does not apply to the thing's present case, to be read after the thing's name; else undefined. */
export function findObjection(action: OperatorAction, record: Case | undefined): string | undefined {
  return operatorActionDescriptors[action].objection(record);
}

/**
 * The case that an action is for, if it needs one: a command that waits, for example in a dead-letter queue, changes no later
 * case of the thing.
 */
export function findOrdered(action: OperatorAction, record: Case | undefined): string | undefined {
  return isOpen(record) && findObjection(action, undefined) !== undefined ? record.caseId : undefined;
}

/** Whether the action is for a case that is no longer the thing's open one. */
export function isStale(record: Case | undefined, caseId: string | undefined): boolean {
  return caseId !== undefined && !(isOpen(record) && record.caseId === caseId);
}
