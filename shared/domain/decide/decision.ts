import type { Case } from '../case/case';
import type { Refusal } from '../case/reasons';
import type { Configuration } from '../configuration';
import type { Facts } from '../facts';
import type { KillSwitch } from '../guards/kill-switch';
import type { ThingKey } from '../thing-ref';

/** What the rule knows before it asks. */
export interface Context {
  readonly thingName: ThingKey;
  readonly configuration: Configuration;
  readonly killSwitch: KillSwitch;
  /** How long IoT Core may use a cached policy (6 to 8 minutes on AWS). */
  readonly policyCacheMs: number;
  /** Name of the policy that denies everything but the kept topics. */
  readonly denyPolicyName: string;
  readonly denyDocument: string;
  /** Id of the case, if one has to be opened; the same command gets the same id. */
  readonly newCaseId: string;
  readonly now: number;
}

/** What the rule knows once AWS has answered, or if no answer is needed. */
export interface Informed extends Context {
  readonly facts: Facts;
}

export type Decision =
  /** `refusal`: why an operator's command changed nothing except its record. */
  | { readonly outcome: 'changed'; readonly next: Case; readonly refusal?: Refusal }
  /** Nothing to do, and why: recorded in the log, not in the table. */
  | { readonly outcome: 'unchanged'; readonly reason: Refusal };

export function changed(next: Case): Decision {
  return { outcome: 'changed', next };
}

export function unchanged(reason: Refusal): Decision {
  return { outcome: 'unchanged', reason };
}
