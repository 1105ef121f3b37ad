/** What AWS returns about a thing at the time of a decision. */
export type Facts =
  | {
      readonly kind: 'known';
      readonly registered: boolean;
      readonly thingTypeName?: string;
      readonly attributes: Readonly<Record<string, string>>;
      readonly groups: readonly string[];
      readonly principals: readonly PrincipalFacts[];
      /** Principals beside certificates: identities of Amazon Cognito, which no action holds. */
      readonly otherPrincipals?: readonly string[];
      /** Only if a playbook may replace policy versions. */
      readonly policies?: readonly PolicyFacts[];
    }
  /** The lookup failed: every guard that needs it must fail closed. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export type KnownFacts = Extract<Facts, { kind: 'known' }>;

/** Who else uses a certificate or a policy. */
export interface Sharing {
  /** Names for people: of things, of groups as `group NAME`, and how many more there are. */
  readonly sharedWith: readonly string[];
  /** They include a group, or holders that were not looked up, so the number of things is unknown. */
  readonly hasUncountedUsers?: true;
}

export interface PrincipalFacts extends Sharing {
  readonly arn: string;
  readonly certificateId: string;
  readonly policies: readonly string[];
  /** Whether its policies allow anything that a thing group's policy doesn't bind: another client id, or HTTPS. */
  readonly escapesGroup: boolean;
  /** Only if a playbook may deactivate certificates. */
  readonly status?: string;
  /** The state before another containment changed the certificate, which is the state that a release must restore. */
  readonly before?: { readonly attachedBefore?: boolean; readonly statusBefore?: string };
  /**
   * A certificate that a containment holds, and that is no longer attached to the thing, so no group's policy binds it.
   */
  readonly isDetached?: true;
  /** Attached while the thing was held. */
  readonly attachedSince?: true;
}

export interface PolicyFacts extends Sharing {
  readonly policyName: string;
  readonly defaultVersionId: string;
  /** The oldest version of a full policy that isn't the default. */
  readonly versionToDrop?: { readonly versionId: string; readonly document: string };
  /** The state before another containment changed the policy, which is the state that a release must restore. */
  readonly before?: PriorPolicy;
}

/** The versions of a policy before a containment. */
export interface PriorPolicy {
  readonly policyName: string;
  readonly defaultVersionId: string;
  /** For a policy with five versions: the one that makes room, never the default. */
  readonly versionToDrop?: { readonly versionId: string; readonly document: string };
}

/** Whether the certificate is attached to the thing, according to the facts. */
export function ownsCertificate(facts: Facts | undefined, certificateId: string): boolean {
  return (
    facts?.kind === 'known' && facts.principals.some((principal) => principal.certificateId === certificateId)
  );
}
