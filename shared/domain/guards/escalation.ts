import type { ActionName } from '../actions/registry';
import type { Playbook } from '../configuration';

/** The actions that the playbook adds, if the thing was contained repeatedly. */
export function listEscalation(
  { actions, escalate }: Playbook,
  pastContainments: readonly number[],
  now: number,
): ActionName[] {
  if (!escalate) return [];
  const recent = pastContainments.filter((at) => now - at < escalate.within).length;
  return recent < escalate.afterContainments
    ? []
    : escalate.actions.filter((action) => !actions.includes(action));
}
