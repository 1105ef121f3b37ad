import type { Summary } from '../../shared/api/lists';
import { thingPath } from '../api/client';
import type { CaseStatus } from '../api/types';
import { choices, countCases, type ListFilter, nameShown, writeAddress } from '../words/choices';
import { needsSomebody, statusWords } from '../words/status';
import { CaseCount } from './case-count';

export function Empty({ statuses }: { readonly statuses: readonly CaseStatus[] }) {
  const isFirst = statuses === needsSomebody;
  return (
    <div class="empty">
      <svg viewBox="0 0 48 48" aria-hidden="true" focusable="false">
        <circle cx="24" cy="24" r="20" />
        <path d="M15 24.5l6 6 12-13" />
      </svg>
      <h2>{isFirst ? 'Nothing needs you' : 'No case here'}</h2>
      <p>
        {isFirst
          ? 'No containment waits for approval, none failed, and no release is in conflict.'
          : `Cases that ${statuses.map((status) => statusWords[status].several).join(' or ')} would be here.`}
      </p>
    </div>
  );
}

interface NoMatchProps {
  readonly wanted: ListFilter;
  readonly summary: Summary | undefined;
  readonly shown: readonly CaseStatus[];
}

/** Links to the lists that have the thing: a person who looks for one may not know the status of its case. */
export function NoMatch({ wanted, summary, shown }: NoMatchProps) {
  const others = choices.filter(
    ({ statuses }) => statuses !== shown && summary && countCases(summary, statuses) > 0,
  );
  return (
    <div class="empty">
      <h2>No case matches here</h2>
      {others.map((one) => (
        <p key={one.name}>
          <a href={writeAddress({ show: nameShown(one), ...wanted })}>{one.name}</a>{' '}
          <CaseCount summary={summary} statuses={one.statuses} />
        </p>
      ))}
      {summary && others.length === 0 && <p>No other open case matches either.</p>}
      {wanted.thing && (
        <p>
          <a href={`/console/things/${thingPath(wanted.thing)}`}>Open the thing {wanted.thing}</a>
        </p>
      )}
    </div>
  );
}
