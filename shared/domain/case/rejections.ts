import { findingKey, type Subject } from '../findings/finding';
import type { Reporter } from '../findings/violation';
import type { Case, Rejection } from './case';

type Claim = Subject & { readonly reporter?: Reporter | undefined };

export function nameClaim(claim: Claim): Rejection {
  const { reporter } = claim;
  return { behavior: findingKey(claim), ...(reporter && { principal: reporter.principal }) };
}

export function isRejected({ rejected, rejections = [] }: Case, claim: Claim): boolean {
  const { behavior, principal } = nameClaim(claim);
  // Older cases do not record which violations were rejected.
  if (rejected) return true;
  return rejections.some((one) => one.behavior === behavior && one.principal === principal);
}

/** Whether another certificate reports the violation after an operator rejected the report of the first one. */
export function isNewClaim(record: Case, known: Claim | undefined, claim: Claim): boolean {
  return known !== undefined && isRejected(record, known) && !isRejected(record, claim);
}
