import type { ListedCase } from '../../shared/domain/lists/outline';
import { isRegistryName } from '../../shared/domain/text';

/** Commands are proposed for at most this many behaviors, those of most waiting cases. */
const mostBehaviors = 3;

/**
 * The commands to type next: for the first case, and if all waiting cases are listed (`isAll`), for each behavior that
 * several of them have.
 */
export function listNext(cases: readonly ListedCase[], isAll: boolean, cordon: string): string[] {
  const [first] = cases;
  if (!first) return [];
  const named = first.status === 'closed' ? first.caseId : first.thingName;
  return [`show ${named}`, ...(isAll ? listApprovals(cases) : [])].map(
    (command, index) => `${index === 0 ? 'next: ' : '      '}${cordon} ${command}`,
  );
}

function listApprovals(cases: readonly ListedCase[]): string[] {
  const counts = new Map<string, number>();
  for (const { status, behaviors } of cases)
    if (status === 'awaiting-approval')
      for (const behavior of behaviors) counts.set(behavior, (counts.get(behavior) ?? 0) + 1);
  return [...counts]
    .filter(([behavior, count]) => count > 1 && behavior.split('/').every(isRegistryName))
    .toSorted(([, one], [, other]) => other - one)
    .slice(0, mostBehaviors)
    .map(([behavior, count]) => `approve --all --behavior ${behavior} --expect ${count}`);
}
