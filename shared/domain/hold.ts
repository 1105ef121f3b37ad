import { type Case, isOpen, type PriorState } from './case';
import type { PriorPolicy } from './facts';

/**
 * Objects that several things may share, and so several containments may hold: whether a certificate has the quarantine
 * policy, its status, and a policy's versions.
 */
type SharedObject = `denied/${string}` | `status/${string}` | `policy/${string}` | `replaced/${string}`;

/** Who holds a shared object, and what it was before the first of them changed it. */
export interface Hold {
  readonly object: SharedObject;
  /** Names of the things. */
  readonly holders: readonly string[];
  readonly prior: HeldState;
}

/** Of a certificate: whether the quarantine policy hung on it, or its status. Of a policy: its versions. */
type HeldState = { readonly attachedBefore: boolean } | HeldStatus | PriorPolicy | typeof nothing;

/** Of what is only noted: nothing is to be restored. */
export const nothing = { isNoted: true } as const;

export interface HeldStatus {
  readonly statusBefore: string;
  /** When Cordon's own call had set it, epoch ms: whoever changes it later is somebody else. */
  readonly setAt?: number;
}

export function deniedObject(certificateArn: string): SharedObject {
  return `denied/${certificateArn.slice(certificateArn.lastIndexOf('/') + 1)}`;
}

export function statusObject(certificateId: string): SharedObject {
  return `status/${certificateId}`;
}

/** All that a containment may hold of a certificate, so that its connects concern the containment. */
export function heldObjects(certificateId: string): SharedObject[] {
  return [deniedObject(certificateId), statusObject(certificateId), replacedObject(certificateId)];
}

/** A certificate whose policies deny by a version of Cordon's: only noted, as the policies are held by themselves. */
export function replacedObject(certificateArn: string): SharedObject {
  return `replaced/${certificateArn.slice(certificateArn.lastIndexOf('/') + 1)}`;
}

export function policyObject(policyName: string): SharedObject {
  return `policy/${policyName}`;
}

/** Whether a thing's case still holds the object. A closed one doesn't, whatever was left of it. */
export function holdsObject(record: Case | undefined, object: string): boolean {
  return (
    isOpen(record) &&
    record.ledger.some(({ status, prior }) => status !== 'reverted' && listObjects(prior).includes(object))
  );
}

/** Ids of the certificates that an action denies or makes inactive. */
export function listCertificates(prior: PriorState): string[] {
  if (prior.action === 'deny-certificate')
    return prior.certificates.map(({ arn }) => arn.slice(arn.lastIndexOf('/') + 1));
  if (prior.action === 'deactivate-certificate')
    return prior.certificates.map(({ certificateId }) => certificateId);
  if (prior.action === 'replace-policy-version')
    return prior.principals.map((arn) => arn.slice(arn.lastIndexOf('/') + 1));
  return [];
}

function listObjects(prior: PriorState): string[] {
  switch (prior.action) {
    case 'deny-certificate':
      return prior.certificates.map(({ arn }) => deniedObject(arn));
    case 'deactivate-certificate':
      return prior.certificates.map(({ certificateId }) => statusObject(certificateId));
    case 'replace-policy-version':
      return [
        ...prior.policies.map(({ policyName }) => policyObject(policyName)),
        ...prior.principals.map(replacedObject),
      ];
    default:
      return [];
  }
}
