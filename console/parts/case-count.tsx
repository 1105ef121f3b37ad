import type { Summary } from '../../shared/api/lists';
import type { CaseStatus } from '../api/types';
import { countCases } from '../words/choices';

/** How many open cases have one of these statuses, once it is known. */
export function CaseCount({
  summary,
  statuses,
}: {
  readonly summary: Summary | undefined;
  readonly statuses: readonly CaseStatus[];
}) {
  if (!summary || statuses.includes('closed')) return null;
  const count = countCases(summary, statuses);
  return (
    <span class="count">
      {new Intl.NumberFormat('en-GB').format(count)}
      {summary.isComplete ? '' : '+'}
    </span>
  );
}
