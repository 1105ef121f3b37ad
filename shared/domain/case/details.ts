import type { ActionName } from '../actions/registry';

/** A text of an earlier release, which has no data beside it. */
export interface WordsOnly {
  readonly code: 'text';
  readonly text: string;
}

/**
 * The effect or finding of a step of a mitigation action, or an object that a release left as it is. AWS's answers are
 * kept as data. `messages/describe-detail.ts` has the words.
 */
export type Detail =
  /** An error of AWS. `isTransient`: it may pass, such as a throttle. */
  | {
      readonly code: 'aws-error';
      readonly name: string;
      readonly message: string;
      readonly isTransient?: true;
    }
  | CertificateDetail
  | DenialDetail
  | PolicyDetail
  | ThingDetail
  | SessionDetail
  | ActionDetail
  | WordsOnly;

/** Ids of certificates, in full. */
type CertificateDetail =
  | { readonly code: 'certificates-inactive'; readonly certificateIds: readonly string[] }
  | { readonly code: 'certificates-cannot-connect'; readonly certificateIds: readonly string[] }
  | { readonly code: 'certificate-status'; readonly certificateId: string; readonly status: string }
  | { readonly code: 'no-certificate-to-deactivate' }
  | { readonly code: 'certificates-restored' }
  | { readonly code: 'certificate-deleted'; readonly certificateId: string }
  | { readonly code: 'certificate-not-active'; readonly certificateId: string; readonly status: string }
  /** Somebody else set its status while it was held. `isUnclaimed`: or Cordon did, and nothing shows it. */
  | {
      readonly code: 'certificate-changed';
      readonly certificateId: string;
      readonly status: string;
      readonly isUnclaimed?: true;
    }
  | { readonly code: 'certificate-held'; readonly certificateId: string; readonly heldBy: readonly string[] }
  | { readonly code: 'certificate-unseen'; readonly certificateId: string; readonly error: string }
  | {
      readonly code: 'certificate-policies';
      readonly certificateId: string;
      readonly change: 'got' | 'lost';
      readonly policies: readonly string[];
    }
  | {
      readonly code: 'certificate-moved';
      readonly certificateId: string;
      readonly change: 'attached' | 'detached';
    };

type DenialDetail =
  | { readonly code: 'denied-on'; readonly policyName: string; readonly certificateIds: readonly string[] }
  | { readonly code: 'denial-taken-off'; readonly policyName: string; readonly certificateId: string }
  | { readonly code: 'denials-removed'; readonly policyName: string }
  | { readonly code: 'no-certificate-to-test' }
  | { readonly code: 'certificates-gone'; readonly certificateIds: readonly string[] }
  | {
      readonly code: 'publish-denied';
      readonly certificateIds: readonly string[];
      readonly by: readonly DenialSource[];
    }
  | {
      readonly code: 'publish-not-denied';
      readonly certificateId: string;
      /** Absent for a request without one, as over HTTPS. */
      readonly clientId?: string;
      /** The decision of TestAuthorization; absent if it gives none. */
      readonly decision?: string;
      /** The name of the error that it gives instead. */
      readonly error?: string;
      readonly effective?: EffectivePolicies;
    };

/** What proves a denial: `status` is that of the certificate. */
export type DenialSource = 'TestAuthorization' | 'GetEffectivePolicies' | 'status';

/** What GetEffectivePolicies says if TestAuthorization names no denial. */
export type EffectivePolicies =
  | { readonly state: 'listed' | 'not-listed' }
  | { readonly state: 'unknown'; readonly error?: string };

type PolicyDetail =
  | { readonly code: 'policies-deny'; readonly policies: readonly string[] }
  | { readonly code: 'policy-not-replaced'; readonly policyName: string }
  | { readonly code: 'no-policy-to-replace' }
  | { readonly code: 'policy-deleted'; readonly policyName: string }
  | { readonly code: 'policy-held'; readonly policyName: string; readonly heldBy: readonly string[] }
  | {
      readonly code: 'policy-restored';
      readonly policyName: string;
      readonly versionId: string;
      /** A version that had made room, and its new id. */
      readonly renumbered?: Renumbered;
    }
  | ({ readonly code: 'version-renumbered'; readonly policyName: string } & Renumbered)
  | {
      readonly code: 'default-version-changed';
      readonly policyName: string;
      readonly versionId?: string;
      readonly before: string;
    }
  | { readonly code: 'default-version-deleted'; readonly policyName: string; readonly versionId: string }
  | {
      readonly code: 'version-added';
      readonly policyName: string;
      readonly versionId: string;
      readonly before: string;
    };

/** AWS doesn't use the id of a version twice. */
export interface Renumbered {
  readonly from: string;
  readonly to: string;
}

type ThingDetail =
  | { readonly code: 'in-group'; readonly thingGroup: string; readonly isDeniedOtherwise?: true }
  | { readonly code: 'not-in-group-yet'; readonly thingGroup: string }
  | { readonly code: 'stays-in-group'; readonly thingGroup: string }
  | { readonly code: 'taken-out-of-group'; readonly thingGroup: string }
  | { readonly code: 'not-in-group'; readonly thingGroup: string }
  | { readonly code: 'left-group'; readonly thingGroup: string }
  | { readonly code: 'thing-deleted' }
  | { readonly code: 'group-changed'; readonly change: 'joined' | 'left'; readonly thingGroup: string }
  | { readonly code: 'groups-unseen' | 'certificates-unlisted'; readonly error: string };

type SessionDetail =
  | { readonly code: 'sessions-ended'; readonly clientIds: readonly string[] }
  | { readonly code: 'no-old-session' }
  | { readonly code: 'old-session'; readonly clientId: string }
  | { readonly code: 'may-connect' }
  | { readonly code: 'client-refused'; readonly clientId: string; readonly error: string }
  | { readonly code: 'clients-unnameable'; readonly clientIds: readonly string[] }
  | { readonly code: 'clients-forgotten' };

/** Details that only one action has: `details` of its descriptor has the words, by `what`. */
interface ActionDetail {
  readonly code: 'action';
  readonly action: ActionName;
  readonly what: string;
  readonly names: readonly string[];
}
