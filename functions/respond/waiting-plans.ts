import type { ActionName } from '../../shared/domain/actions/registry';
import type { Case } from '../../shared/domain/case/case';
import { countTried, listUntried, renewUntried } from '../../shared/domain/case/ledger';
import { nextStep } from '../../shared/domain/case/steps';
import type { Facts } from '../../shared/domain/facts';
import type { KillSwitchReader } from '../../shared/ports/aws';
import type { ActionOptions } from './perform';

interface Looks {
  /** An earlier delivery may have begun with the plans before it was interrupted. */
  readonly isRepeated: boolean;
  readonly readSwitch: KillSwitchReader;
  readonly readFacts: (about: {
    readonly urgent: true;
    readonly actions: readonly ActionName[];
  }) => Promise<Facts>;
  readonly now: number;
}

/**
 * Plans that were stored while the kill switch was on look up again what a release restores, because people may have
 * changed it meanwhile. If the lookup fails, the plans don't wait for it. After a crash, the lookup is skipped, because
 * Cordon itself may have made the change.
 */
export async function renewWaiting(
  record: Case,
  earlier: Case | undefined,
  options: ActionOptions,
  { isRepeated, readSwitch, readFacts, now }: Looks,
): Promise<Case> {
  if (earlier?.caseId !== record.caseId) return record;
  const stored = listUntried(earlier.ledger);
  const actions = listUntried(record.ledger).filter((action) => stored.includes(action));
  if (actions.length === 0 || nextStep(record, new Set())?.kind !== 'apply') return record;
  if (isRepeated) return { ...record, ledger: countTried(record.ledger, actions) };
  if ((await readSwitch()).state !== 'off') return record;
  const facts = await readFacts({ urgent: true, actions });
  if (facts.kind !== 'known') return record;
  const planning = { ...options, caseId: record.caseId, facts, clientIds: [], violationIds: [], now };
  return { ...record, ledger: renewUntried(record.ledger, actions, planning) };
}
