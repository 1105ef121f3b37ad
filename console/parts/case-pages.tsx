import { useRef, useState } from 'preact/hooks';
import type { CaseListAnswer } from '../../shared/api/lists';
import { type Live, useLive } from '../api/live';
import type { ListedCase } from '../api/types';
import { CaseRow } from './case-row';
import { useNow } from './clock';
import { KillSwitchNotice } from './kill-switch';
import { Pending } from './notice';

interface RowsProps {
  readonly path: string;
  readonly selected: ReadonlyMap<string, ListedCase>;
  readonly onToggle: (one: ListedCase) => void;
}

interface CasePagesProps extends RowsProps {
  readonly first: Live<CaseListAnswer>;
  readonly listRef: preact.RefObject<HTMLUListElement | null>;
  readonly empty: preact.ComponentChildren;
  readonly before: preact.ComponentChildren;
}

export function CasePages({ first, listRef, empty, before, ...rows }: CasePagesProps) {
  if (!first.value) return <Pending live={first} what="cases" />;
  const { cases, killSwitch, next } = first.value;
  return (
    <>
      <KillSwitchNotice killSwitch={killSwitch} />
      <p class="sr-only" role="status">
        {cases.length}
        {next === undefined ? '' : ' or more'} {cases.length === 1 ? 'case' : 'cases'}
      </p>
      {before}
      {cases.length === 0 && next === undefined ? (
        empty
      ) : (
        <ul class="cases" ref={listRef} aria-label="Cases">
          <Page page={first.value} {...rows} />
        </ul>
      )}
      {first.value.isComplete === false && (
        <p>Too many cases to sort: those that changed least recently are missing.</p>
      )}
    </>
  );
}

function Page({ page: { cases, next }, ...rows }: RowsProps & { readonly page: CaseListAnswer }) {
  const now = useNow();
  return (
    <>
      {cases.map((one) => (
        <CaseRow
          key={one.caseId}
          one={one}
          now={now}
          isSelected={rows.selected.has(one.caseId)}
          onToggle={rows.onToggle}
        />
      ))}
      {next && <NextPage cursor={next} {...rows} />}
    </>
  );
}

/** The next page, once it is asked for, with the one after it. */
function NextPage({ cursor, ...rows }: RowsProps & { readonly cursor: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const live = useLive<CaseListAnswer>(
    isOpen ? `${rows.path}&cursor=${encodeURIComponent(cursor)}` : undefined,
    15_000,
  );
  // A change in the page before moves the cursor: the old page stays until the new one has come.
  const shown = useRef<CaseListAnswer>(undefined);
  shown.current = isOpen ? (live.value ?? shown.current) : undefined;
  if (shown.current) return <Page page={shown.current} {...rows} />;
  return (
    <li class="more">
      <button type="button" disabled={isOpen && !live.error} onClick={() => setIsOpen(true)}>
        {isOpen ? (live.error?.message ?? 'Loading…') : 'Show more'}
      </button>
    </li>
  );
}
