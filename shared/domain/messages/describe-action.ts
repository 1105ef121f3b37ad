import type { LedgerEntry } from '../case/ledger-entry';
import type { TimelineEvent } from '../case/news';
import type { CaseStatus } from '../case/status';
import type { OperatorAction } from '../decide/operator-actions';

type Step = Extract<TimelineEvent, { code: 'step' }>;

/** The outcome of a step, to be read after the name of its action. */
const steps: Readonly<Record<Step['kind'], Readonly<Record<Step['result'], string>>>> = {
  apply: {
    done: 'applied',
    unverified: 'applied, not verified yet',
    conflict: 'not applied, as somebody changed what it would change',
    refused: 'refused by AWS',
  },
  verify: {
    done: 'verified',
    unverified: 'not verified yet',
    conflict: 'not verified, as somebody changed it',
    refused: 'not verified, as AWS refused it',
  },
  revert: {
    done: 'undone',
    unverified: 'undone, not verified yet',
    conflict: 'not undone, as somebody changed it',
    refused: 'not undone, as AWS refused it',
  },
};

/** `quarantine applied`. An earlier release may have written another result. */
export function describeStep({ action, kind, result }: Step): string {
  return `${action} ${steps[kind]?.[result] ?? `${kind} ${result}`}`;
}

const states = new Map<string, string>([
  ['planned', 'planned'],
  ['applied', 'applied, not verified yet'],
  ['verified', 'verified'],
  ['failed', 'failed'],
  ['reverted', 'undone'],
  ['conflict', 'not undone, as somebody changed it'],
] satisfies [LedgerEntry['status'], string][]);

/** How an action stands, after its name. */
export function describeActionState(status: string): string {
  return states.get(status) ?? status;
}

/** `quarantine verified: in group cordon-quarantine` */
export function describeAction(told: {
  readonly action: string;
  readonly status: string;
  readonly detail: string;
}): string {
  return `${told.action} ${describeActionState(told.status)}${told.detail && `: ${told.detail}`}`;
}

const statuses: Readonly<Record<CaseStatus, string>> = {
  observed: 'only recorded',
  'awaiting-approval': 'waits for approval',
  containing: 'being contained',
  contained: 'contained',
  'containment-failed': 'containment failed',
  releasing: 'being released',
  'release-conflict': 'release needs a decision',
  closed: 'closed',
};

/** A status as an entry of the timeline. A newer Cordon may know more of them. */
export function describeStatus(status: CaseStatus): string {
  return statuses[status] ?? status;
}

/** For each command of an operator: that it was given, and what it is called. */
const orders: Readonly<Record<OperatorAction, readonly [given: string, name: string]>> = {
  contain: ['containment ordered', 'containment'],
  approve: ['approved', 'approval'],
  reject: ['rejected', 'rejection'],
  release: ['release ordered', 'release'],
  dismiss: ['dismissed', 'dismissal'],
  harden: ['hardening ordered', 'hardening'],
  comment: ['comment', 'comment'],
  assign: ['assigned', 'assignment'],
};

/** A newer Cordon may know more commands. */
function findOrder(command: string): readonly [given: string, name: string] {
  return Object.hasOwn(orders, command) ? orders[command as OperatorAction] : [command, command];
}

/** `approved`, to be read before `by ada`. */
export function describeOrder(command: string): string {
  return findOrder(command)[0];
}

/** `approval`, to be read before `by ada`. */
export function nameOrder(command: string): string {
  return findOrder(command)[1];
}
