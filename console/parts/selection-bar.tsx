import { useMemo } from 'preact/hooks';
import type { BulkAct } from '../acts/bulk-dialog';
import { useRights } from '../acts/rights';
import { actWords } from '../acts/words';
import type { CaseStatus, ListedCase } from '../api/types';

interface SelectionProps {
  readonly selected: readonly ListedCase[];
  readonly onClear: () => void;
  readonly onAct: (act: BulkAct) => void;
}

/** Which acts fit all that is selected, by what each status offers. */
export function SelectionBar({ selected, onClear, onAct }: SelectionProps) {
  const common = useMemo(() => actsForAll(selected), [selected]);
  const { mayAct, why } = useRights(selected[0]?.thingName, common);
  const acts = common.filter(mayAct);
  return (
    <section class="selection" aria-label="Selected cases">
      <strong>{selected.length} selected</strong>
      {acts.length === 0 && <span>{why ?? 'They have no act in common.'}</span>}
      {acts.map((act) => (
        <button key={act} type="button" onClick={() => onAct(act)}>
          {actWords[act].label}…
        </button>
      ))}
      <button type="button" class="quiet" onClick={onClear}>
        Clear
      </button>
    </section>
  );
}

function actsForAll(selected: readonly ListedCase[]): readonly BulkAct[] {
  const offered: Partial<Record<CaseStatus, readonly BulkAct[]>> = {
    'awaiting-approval': ['approve', 'reject'],
    contained: ['release'],
    containing: ['release'],
    'containment-failed': ['release'],
    'release-conflict': ['release', 'dismiss'],
    observed: ['dismiss'],
  };
  const acts: readonly BulkAct[] = ['approve', 'reject', 'release', 'dismiss'];
  return acts.filter((act) => selected.every(({ status }) => offered[status]?.includes(act)));
}
