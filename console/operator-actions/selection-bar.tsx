import { useMemo } from 'preact/hooks';
import type { ListedCase } from '../api/types';
import { type BulkAction, bulkWords, listCommonActions } from './bulk';
import { useRights } from './rights';

interface SelectionProps {
  readonly selected: readonly ListedCase[];
  readonly onClear: () => void;
  readonly onAct: (act: BulkAction) => void;
}

/** Offers the operator actions that are possible in the status of every selected case. */
export function SelectionBar({ selected, onClear, onAct }: SelectionProps) {
  const common = useMemo(() => listCommonActions(selected.map(({ status }) => status)), [selected]);
  const { mayAct, why } = useRights(selected[0]?.thingName, common);
  const acts = common.filter(mayAct);
  return (
    <section class="selection" aria-label="Selected cases">
      <strong>{selected.length} selected</strong>
      {acts.length === 0 && <span>{why ?? 'No action is possible for all of them.'}</span>}
      {acts.map((act) => (
        <button key={act} type="button" onClick={() => onAct(act)}>
          {bulkWords[act].label}…
        </button>
      ))}
      <button type="button" class="quiet" onClick={onClear}>
        Clear
      </button>
    </section>
  );
}
