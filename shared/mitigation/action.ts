import type { ActionName, PriorState } from '../domain/actions/registry';
import type { Detail } from '../domain/case/details';
import type { Touched } from '../domain/case/ledger-entry';
import type { Outcome } from '../domain/case/steps';
import type { Configuration } from '../domain/configuration';
import type { ThingKey } from '../domain/thing-ref';
import type { Certificates, Connections, Defender, Jobs, Policies, Things } from '../ports/aws';
import type { Clock } from '../ports/runtime';
import type { ClientIds, Leases } from '../ports/storage';

export interface MitigationContext {
  readonly thingName: ThingKey;
  /** The client ids under which the device connects; a group policy binds only the one that is the thing's name. */
  readonly clientIds: readonly string[];
  /** When the denial of this case was applied, epoch ms; undefined while it isn't. */
  readonly deniedAt: number | undefined;
  readonly policyCacheMs: number;
  /** The policy that denies everything but the kept topics, and its document. */
  readonly denyPolicyName: string;
  readonly denyDocument: string;
  /** Ids of the thing's certificates. */
  readonly ownCertificates: readonly string[];
  /** Ids of the certificates that the case denies or makes inactive, done or not. */
  readonly heldCertificates: readonly string[];
  /** ARNs of the certificates that have a denial of their own, whatever the thing's groups say. */
  readonly deniedCertificates: readonly string[];
  /** Ids of certificates that are inactive only until the denial by policy has spread. */
  readonly temporarilyInactive: readonly string[];
  /** What Cordon's calls for this action of the case changed. A revert leaves changes by others alone. */
  readonly touched: Touched;
  readonly jobDocument: string;
  readonly things: Things;
  readonly policies: Policies;
  readonly certificates: Certificates;
  readonly jobs: Jobs;
  readonly defender: Defender;
  readonly connections: Connections;
  readonly knownIds: Pick<ClientIds, 'list' | 'findUser'>;
  readonly leases: Leases;
  readonly clock: Clock;
}

/** What IAM has to allow. */
export interface Right {
  readonly actions: readonly string[];
  /** What follows the account in an ARN of AWS IoT, such as `cert/*`; or `*`, if IAM knows no resource type. */
  readonly resources: readonly string[];
}

interface Rights {
  /**
   * Also the rights to verify and to undo, because a release under a later cordon.yml must undo what an earlier one
   * did.
   */
  readonly always?: readonly Right[];
  /** Only if a playbook names the action. */
  readonly whenNamed?: readonly Right[];
}

/**
 * One reversible way to restrict a thing. Every call is idempotent: a crash repeats it. Errors of AWS are thrown;
 * an outcome is a value.
 */
export interface MitigationAction<P extends PriorState = PriorState> {
  /** The rights for all that the three call; infra/template/respond-rights.ts makes the role of them. */
  rights(configuration: Pick<Configuration, 'quarantine'>): Rights;
  apply(prior: P, context: MitigationContext): Promise<Outcome>;
  verify(prior: P, context: MitigationContext): Promise<Outcome>;
  revert(prior: P, context: MitigationContext): Promise<Outcome>;
}

export type PriorOf<A extends ActionName> = Extract<PriorState, { action: A }>;

export function done(...detail: readonly Detail[]): Outcome {
  return { result: 'done', detail };
}

export function unverified(...detail: readonly Detail[]): Outcome {
  return { result: 'unverified', detail };
}

/** A detail that only this action has, in words of its descriptor. */
export function ownDetail(action: ActionName, what: string, ...names: readonly string[]): Detail {
  return { code: 'action', action, what, names };
}

/** A revert that is done, except for the parts that it had to leave. */
export function reverted(detail: readonly Detail[], left: readonly Detail[]): Outcome {
  return { result: 'done', detail, ...(left.length > 0 && { left }) };
}
