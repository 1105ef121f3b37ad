import { type Decision, type Dialect, evaluate, type PolicyRequest } from '../policy/evaluate';
import type { IotStatement, PolicyRef } from './effective-policies';

/**
 * AWS does not document how a variable without a value affects a `NotResource` or a condition. Here the statement does not
 * apply, Allow or Deny, so that no test relies on a Deny that may have no effect. Set operators are not supported: no key
 * of an MQTT connection has several values.
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
