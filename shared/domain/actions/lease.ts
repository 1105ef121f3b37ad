import type { PriorPolicy } from '../facts';
import type { ThingKey } from '../thing-ref';

/**
 * Objects that several things may share, and so several containments may hold: whether a certificate has the quarantine
 * policy, its status, and a policy's versions.
 */
export type SharedObject = `${string}/${string}`;

/** The cases that hold a shared object, and its state before the first of them changed it. */
export interface Lease {
  readonly object: SharedObject;
  readonly holders: readonly ThingKey[];
  readonly prior: HeldState;
}

/** For a certificate: whether the quarantine policy was attached, or its status. For a policy: its versions. */
type HeldState = { readonly attachedBefore: boolean } | HeldStatus | PriorPolicy | typeof nothing;

/** For an object that is only noted: nothing has to be restored. */
export const nothing = { isNoted: true } as const;

export interface HeldStatus {
  readonly statusBefore: string;
  /** When Cordon's call set it, epoch ms. A later change is by somebody else. */
  readonly setAt?: number;
}

export function deniedObject(certificateArn: string): SharedObject {
  return `denied/${certificateArn.slice(certificateArn.lastIndexOf('/') + 1)}`;
}

export function statusObject(certificateId: string): SharedObject {
  return `status/${certificateId}`;
}

/**
 * A certificate whose policies have a version of Cordon's that denies. It is only recorded, because the policies have
 * leases of their own.
 */
export function replacedObject(certificateArn: string): SharedObject {
  return `replaced/${certificateArn.slice(certificateArn.lastIndexOf('/') + 1)}`;
}

export function policyObject(policyName: string): SharedObject {
  return `policy/${policyName}`;
}

/** The state before the first containment changed the object; undefined if nobody holds the lease. */
export function priorOf(lease: Lease | undefined): Lease['prior'] | undefined {
  return lease?.holders.length ? lease.prior : undefined;
}
