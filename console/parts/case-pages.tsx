import { useLayoutEffect } from 'preact/hooks';
import type { CaseListAnswer } from '../../shared/api/lists';
import type { Live } from '../api/live';
import type { ListedCase } from '../api/types';
import { CaseRow } from './case-row';
import { useNow } from './clock';
import { KillSwitchNotice } from './kill-switch';
import { NextPage } from './next-page';
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
      {next && (
        <NextPage<CaseListAnswer>
          path={`${rows.path}&cursor=${encodeURIComponent(next)}`}
          list={rows.path}
          label="Show more"
          everyMs={15_000}
        >
          {(following) => <Page page={following} {...rows} />}
        </NextPage>
      )}
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
