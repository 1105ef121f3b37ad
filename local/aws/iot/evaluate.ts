import { type Decision, type Dialect, evaluate, type PolicyRequest } from '../policy/evaluate';
import type { IotStatement, PolicyRef } from './effective-policies';

/**
 * No document says what a variable without a value makes of a `NotResource` or of a condition; here the statement then does
 * not apply, Allow or Deny, so that nobody counts on a Deny that may not bite. A set operator can't be read: no key of an
 * MQTT connection has several values.
 */
export const iotDialect: Dialect = { deniesUnresolved: false, hasSetOperators: false };

interface IotPolicyResult {
  readonly decision: Decision;
  readonly allowedBy: readonly PolicyRef[];
  readonly deniedBy: readonly PolicyRef[];
}

export function evaluateIotPolicy(
  statements: readonly IotStatement[],
  request: PolicyRequest,
): IotPolicyResult {
  const { decision, allowing, denying } = evaluate(statements, request, iotDialect);
  return { decision, allowedBy: listPolicies(allowing), deniedBy: listPolicies(denying) };
}

function listPolicies(statements: readonly IotStatement[]): readonly PolicyRef[] {
  return [...new Map(statements.map(({ policy }) => [policy.policyArn, policy])).values()];
}
