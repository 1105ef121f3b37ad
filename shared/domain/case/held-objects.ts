import type { SharedObject } from '../actions/lease';
import { descriptorOf, descriptors, type PriorState } from '../actions/registry';
import { type Case, isOpen } from './case';
import type { HeldLedger } from './ledger-entry';

/** All that a containment may hold of a certificate, so that its connects concern the containment. */
export function heldObjects(certificateId: string): SharedObject[] {
  return Object.values(descriptors).flatMap(({ certificates }) => certificates?.object(certificateId) ?? []);
}

/**
 * Whether a thing's case still holds the object. A closed case doesn't, whatever its ledger has. A case that can't be
 * read, because a newer Cordon wrote it or something else changed it, may hold the object, and must not delay the other
 * holders.
 */
export function holdsObject(
  record: (HeldLedger & Pick<Case, 'status'>) | undefined,
  object: string,
): boolean {
  if (!isOpen(record)) return false;
  if (!Array.isArray(record.ledger)) return true;
  return record.ledger.some(
    ({ status, prior }) =>
      status !== 'reverted' && (!isReadable(prior) || listObjects(prior).includes(object)),
  );
}

/** Ids of the certificates that an action denies or makes inactive. */
export function listCertificates(prior: PriorState): string[] {
  return descriptorOf(prior.action).certificates?.list(prior) ?? [];
}

function isReadable(prior: PriorState | undefined): boolean {
  return prior !== undefined && Object.hasOwn(descriptors, prior.action);
}

function listObjects(prior: PriorState): string[] {
  const { certificates, listShared } = descriptorOf(prior.action);
  return [
    ...listCertificates(prior).flatMap((id) => certificates?.object(id) ?? []),
    ...(listShared?.(prior) ?? []),
  ];
}
