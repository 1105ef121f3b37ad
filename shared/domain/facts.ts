/** What AWS says of a thing at the time of a decision. */
export type Facts =
  | {
      readonly kind: 'known';
      readonly registered: boolean;
      readonly thingTypeName?: string;
      readonly attributes: Readonly<Record<string, string>>;
      readonly groups: readonly string[];
      readonly principals: readonly PrincipalFacts[];
      /** Only where a playbook may replace policy versions. */
      readonly policies?: readonly PolicyFacts[];
    }
  /** The lookup failed: every guard that needs it must fail closed. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface PrincipalFacts {
  readonly arn: string;
  readonly certificateId: string;
  readonly policies: readonly string[];
  /** Whether its policies allow anything where a thing group's policy doesn't bind: another client id, HTTPS. */
  readonly escapesGroup: boolean;
  /** Only where a playbook may deactivate certificates. */
  readonly status?: string;
  /** What another containment found before it changed the certificate, and so what release must restore. */
  readonly before?: { readonly attachedBefore?: boolean; readonly statusBefore?: string };
  /** Other things that use the same certificate. */
  readonly sharedWith: readonly string[];
}

export interface PolicyFacts {
  readonly policyName: string;
  readonly defaultVersionId: string;
  /** Of a policy that is full: its oldest version that isn't the default. */
  readonly versionToDrop?: { readonly versionId: string; readonly document: string };
  /** What another containment found before it changed the policy, and so what release must restore. */
  readonly before?: PriorPolicy;
  /** Other things, and groups as `group NAME`, that hold the policy. */
  readonly sharedWith: readonly string[];
}

/** The versions of a policy before a containment. */
export interface PriorPolicy {
  readonly policyName: string;
  readonly defaultVersionId: string;
  /** Of a policy with five versions: the one that makes room, never the default. */
  readonly versionToDrop?: { readonly versionId: string; readonly document: string };
}

/** Whether a certificate is attached to the thing, as far as it is known. */
export function ownsCertificate(facts: Facts | undefined, certificateId: string): boolean {
  return (
    facts?.kind === 'known' && facts.principals.some((principal) => principal.certificateId === certificateId)
  );
}
