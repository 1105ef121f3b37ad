import type { Restored } from '../actions/descriptor';
import { type ActionName, descriptorOf } from '../actions/registry';
import type { Case } from '../case/case';

/** What a release would change back. */
export interface Restoration extends Restored {
  readonly action: ActionName;
}

/** By action, in the order of the ledger, without what is already reverted. A failed action may have changed a part. */
export function listRestorations({ ledger }: Pick<Case, 'ledger'>): Restoration[] {
  return ledger
    .filter(({ status }) => status !== 'reverted')
    .flatMap(({ action, prior, status }) =>
      descriptorOf(action)
        .listRestored(prior)
        .map((restored) => ({
          ...{ action, ...restored },
          ...(status === 'failed' && { now: `perhaps ${restored.now}` }),
        })),
    );
}
