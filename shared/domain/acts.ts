import { type Case, holdsThing, isOpen, openViolations } from './case';
import type { Act } from './command';
import { behaviorKey } from './violation';

type Objection = (record: Case | undefined) => string | undefined;

const unlessWaiting: Objection = (record) =>
  record?.status === 'awaiting-approval' ? undefined : 'has nothing that awaits approval';

const objections: Readonly<Record<Act, Objection>> = {
  contain: (record) =>
    isOpen(record) && holdsThing(record) ? `is already held (${record.status})` : undefined,
  approve: unlessWaiting,
  reject: unlessWaiting,
  release: (record) => (isOpen(record) && record.ledger.length > 0 ? undefined : 'is not contained'),
  dismiss: (record) => {
    if (!isOpen(record)) return 'has no open case';
    return record.ledger.some(({ status }) => status !== 'reverted' && status !== 'conflict')
      ? `is held (${record.status}): release it first`
      : undefined;
  },
};

/** Why an act makes no sense on a thing as its case is now, to be read behind the thing's name; else undefined. */
export function findObjection(act: Act, record: Case | undefined): string | undefined {
  return objections[act](record);
}

/** Whether somebody acts on a case that is not the thing's open one any more. */
export function isStale(record: Case | undefined, caseId: string | undefined): boolean {
  return caseId !== undefined && !(isOpen(record) && record.caseId === caseId);
}

/** What a release is to be warned of, in words. */
export function describeAlarms(record: Case | undefined): string | undefined {
  const keys = isOpen(record) ? openViolations(record).map(behaviorKey) : [];
  return keys.length > 0 ? `still in alarm, so it may be contained again: ${keys.join(', ')}` : undefined;
}
