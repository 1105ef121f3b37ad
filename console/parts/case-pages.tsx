import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { CaseListAnswer } from '../../shared/api/lists';
import { type Live, useLive } from '../api/live';
import type { ListedCase } from '../api/types';
import { CaseRow } from './case-row';
import { useNow } from './clock';
import { KillSwitchNotice } from './kill-switch';
import { useFocusOnNext } from './next-page';
import { Pending } from './notice';
import { useSteady } from './steady';

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
  const page = useSteady(first.value, rows.path);
  if (!page) return <Pending live={first} what="cases" />;
  const { cases, killSwitch, next } = page;
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
          <Page key={rows.path} page={page} {...rows} />
        </ul>
      )}
      {page.isComplete === false && (
        <p>Too many cases to sort: those that changed least recently are missing.</p>
      )}
    </>
  );
}

function Page({ page: { cases, next }, ...rows }: RowsProps & { readonly page: CaseListAnswer }) {
  const now = useNow();
  useKeptFocus();
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

/** A row that is moved loses the focus, except in the newest browsers. */
function useKeptFocus(): void {
  const before = document.activeElement;
  useLayoutEffect(() => {
    if (document.activeElement === document.body && before instanceof HTMLElement)
      before.focus({ preventScroll: true });
  });
}

/** The next page, once it is asked for, with the one after it. */
function NextPage({ cursor, ...rows }: RowsProps & { readonly cursor: string }) {
  const [isOpen, setIsOpen] = useState(false);
  const live = useLive<CaseListAnswer>(
    isOpen ? `${rows.path}&cursor=${encodeURIComponent(cursor)}` : undefined,
    15_000,
  );
  // A change in the page before moves the cursor: the old page stays until the new one has come.
  const before = useRef<CaseListAnswer>(undefined);
  before.current = live.value ?? before.current;
  const page = useSteady(before.current, rows.path);
  const remember = useFocusOnNext(page !== undefined);
  if (page) return <Page page={page} {...rows} />;
  return (
    <li class="more">
      <button
        type="button"
        disabled={isOpen && !live.error}
        onClick={({ currentTarget }) => {
          remember(currentTarget);
          setIsOpen(true);
        }}
      >
        {isOpen ? (live.error?.message ?? 'Loading…') : 'Show more'}
      </button>
    </li>
  );
}
