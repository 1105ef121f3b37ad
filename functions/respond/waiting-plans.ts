import type { Case } from '../../shared/domain/case/case';
import { countTried, listUntried, renewUntried } from '../../shared/domain/case/ledger';
import { nextStep } from '../../shared/domain/case/steps';
import type { Facts } from '../../shared/domain/facts';
import type { KillSwitchReader } from '../../shared/ports/aws';
import type { ActionOptions } from './perform';

interface Looks {
  readonly readSwitch: KillSwitchReader;
  readonly readFacts: (about: {
    readonly urgent: true;
    readonly actions: ReturnType<typeof listUntried>;
  }) => Promise<Facts>;
  readonly now: number;
}

/**
 * Plans that an earlier command left untried, as the kill switch was on by then, find anew what a release restores: what people
 * did meanwhile is theirs. If the lookup fails, they don't wait for it.
 */
export async function renewWaiting(
  record: Case,
  earlier: Case | undefined,
  options: ActionOptions,
  { readSwitch, readFacts, now }: Looks,
): Promise<Case> {
  if (earlier?.caseId !== record.caseId) return record;
  const waited = listUntried(earlier.ledger);
  const actions = listUntried(record.ledger).filter((action) => waited.includes(action));
  if (actions.length === 0 || nextStep(record, new Set())?.kind !== 'apply') return record;
  if ((await readSwitch()).state !== 'off') return record;
  const facts = await readFacts({ urgent: true, actions });
  if (facts.kind !== 'known') return record;
  const planning = { ...options, caseId: record.caseId, facts, clientIds: [], violationIds: [], now };
  return { ...record, ledger: renewUntried(record.ledger, actions, planning) };
}

/** What a delivery before this one may have begun when it was cut off. */
export function countInterrupted(record: Case): Case {
  const actions = listUntried(record.ledger);
  return actions.length > 0 ? { ...record, ledger: countTried(record.ledger, actions) } : record;
}
