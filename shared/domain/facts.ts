/** What AWS says of a thing at the time of a decision. */
export type Facts =
  | {
      readonly kind: 'known';
      readonly registered: boolean;
      readonly thingTypeName?: string;
      readonly attributes: Readonly<Record<string, string>>;
      readonly groups: readonly string[];
      readonly principals: readonly PrincipalFacts[];
    }
  /** The lookup failed: every guard that needs it must fail closed. */
  | { readonly kind: 'unavailable'; readonly reason: string };

export interface PrincipalFacts {
  readonly arn: string;
  readonly certificateId: string;
  readonly policies: readonly string[];
  /** Other things that use the same certificate. */
  readonly sharedWith: readonly string[];
}
