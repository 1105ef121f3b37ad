import type { Summary } from '../../shared/api/lists';
import type { CaseGroup, CaseStatus } from '../api/types';
import { useNow } from '../parts/clock';
import { Severity } from '../parts/status';
import { findStorms, writeStorm } from '../words/group';
import { writeTimeLeft } from '../words/time';
import { type BulkAction, bulkActions, bulkWords } from './bulk';
import { useRights } from './rights';

interface StormsProps {
  readonly summary: Summary;
  readonly statuses: readonly CaseStatus[];
  /** Absent if the list has only these. */
  readonly onShow: ((group: CaseGroup) => void) | undefined;
  readonly onAct: (act: BulkAction, group: CaseGroup) => void;
}

/** Many alike cases, shown as one event. */
export function Storms({ summary, statuses, onShow, onAct }: StormsProps) {
  const now = useNow();
  const storms = findStorms(summary.groups, statuses);
  if (storms.length === 0) return null;
  return (
    <ul class="storms" aria-label="Many alike cases">
      {storms.map((group) => (
        <li key={`${group.status} ${group.behaviors.join()}`}>
          <p>
            <strong>{writeStorm(group, now)}</strong>
            <span class="facts">
              <Severity severity={group.severity} />
              {group.firstExpiresAt !== undefined && (
                <span>the first has {writeTimeLeft(group.firstExpiresAt, now)}</span>
              )}
              {group.assigned > 0 && <span>{group.assigned} of them assigned</span>}
            </span>
          </p>
          <div class="buttons">
            {onShow && (
              <button type="button" onClick={() => onShow(group)}>
                Show only these
              </button>
            )}
            <GroupActions group={group} onAct={onAct} />
          </div>
        </li>
      ))}
    </ul>
  );
}

function GroupActions({ group, onAct }: Pick<StormsProps, 'onAct'> & { readonly group: CaseGroup }) {
  const acts = bulkActions[group.status];
  const { mayAct, why } = useRights(group.things[0], acts);
  if (why !== undefined) return <span>{why}</span>;
  return (
    <>
      {acts.filter(mayAct).map((act) => (
        <button key={act} type="button" onClick={() => onAct(act, group)}>
          {bulkWords[act].label} all {group.cases}…
        </button>
      ))}
    </>
  );
}
