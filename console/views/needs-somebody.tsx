import { useEffect, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { CaseListAnswer, Summary } from '../../shared/api/lists';
import { useLive } from '../api/live';
import type { ListedCase } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { BulkDialog, type BulkScope } from '../operator-actions/bulk-dialog';
import { SelectionBar } from '../operator-actions/selection-bar';
import { Storms } from '../operator-actions/storms';
import { CasePages } from '../parts/case-pages';
import { ListFilters } from '../parts/list-filters';
import { Empty, NoMatch } from '../parts/no-cases';
import { useSteady } from '../parts/steady';
import {
  choices,
  type ListFilter,
  type ListPlace,
  nameShown,
  writeAddress,
  writeFilter,
} from '../words/choices';
import { needsSomebody } from '../words/status';

const pageSize = 50;

/** The selected cases, and the list that they are in. */
interface Selection {
  readonly path?: string;
  readonly cases: ReadonlyMap<string, ListedCase>;
}

const none: Selection['cases'] = new Map();

/** Cases by urgency, and what can be done with several of them at once. */
export function NeedsSomebody() {
  const { query, route } = useLocation();
  const choice = choices.find(({ name }) => name === query.show) ?? choices[0];
  const statuses = choice?.statuses ?? needsSomebody;
  const [selection, setSelection] = useState<Selection>({ cases: none });
  const [scope, setScope] = useState<BulkScope>();
  const { thing = '', behaviors, group } = query;
  const wanted: ListFilter = { thing, behaviors, group };
  const filter = writeFilter(wanted);
  const order = statuses === needsSomebody && { order: 'urgency' };
  const path = `/cases?${new URLSearchParams({ status: statuses.join(','), limit: String(pageSize), ...order, ...filter })}`;
  const isFiltered = Object.keys(filter).length > 0;
  const first = useLive<CaseListAnswer>(path);
  // Reads the list first, because counting all cases takes longer the more there are.
  const [isListed, setIsListed] = useState(false);
  useEffect(() => setIsListed((before) => before || first.value !== undefined), [first.value]);
  const all = isFiltered ? `/summary?${new URLSearchParams(filter)}` : '/summary';
  const counted = useLive<Summary>(isListed ? all : undefined, 15_000);
  // Shown above the list, so a change there moves the list.
  const summary = useSteady(counted.value ?? null, all) ?? undefined;
  const list = useRef<HTMLUListElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const go = (to: ListPlace) => route(writeAddress({ show: query.show, ...wanted, ...to }));

  // A selection in one list says nothing about another.
  const selected = selection.path === path ? selection.cases : none;
  const select = (cases: Selection['cases']) => setSelection({ path, cases });
  useEffect(() => setSelection((before) => (before.path === path ? before : { cases: none })), [path]);

  useShortcuts([
    { keys: 'j', does: 'Next case', run: () => moveFocus(list.current, 1) },
    { keys: 'k', does: 'Case before', run: () => moveFocus(list.current, -1) },
    { keys: 'x', does: 'Select the case, or not', run: () => toggleFocused() },
    { keys: '/', does: 'Find a thing', run: () => search.current?.focus() },
    ...choices.map((one, index) => ({
      keys: String(index + 1),
      does: `Show: ${one.name}`,
      run: () => go({ show: nameShown(one) }),
    })),
  ]);

  const toggle = (one: ListedCase) =>
    setSelection((before) => {
      const cases = new Map(before.path === path ? before.cases : none);
      if (!cases.delete(one.caseId)) cases.set(one.caseId, one);
      return { path, cases };
    });

  return (
    <section class="view">
      <h1>{choice?.name ?? 'Cases'}</h1>
      <ListFilters chosen={choice} wanted={wanted} summary={summary} search={search} onGo={go} />
      <CasePages
        first={first}
        path={path}
        listRef={list}
        selected={selected}
        onToggle={toggle}
        empty={
          isFiltered ? (
            <NoMatch wanted={wanted} summary={summary} shown={statuses} />
          ) : (
            <Empty statuses={statuses} />
          )
        }
        before={
          summary && (
            <Storms
              summary={summary}
              statuses={statuses}
              onShow={
                behaviors === undefined ? (alike) => go({ behaviors: alike.behaviors.join(',') }) : undefined
              }
              onAct={(act, alike) => setScope({ kind: 'group', act, group: alike, filter })}
            />
          )
        }
      />
      <div class="selection-place">
        {selected.size > 0 && (
          <SelectionBar
            selected={[...selected.values()]}
            onClear={() => select(none)}
            onAct={(act) => setScope({ kind: 'cases', act, cases: [...selected.values()] })}
          />
        )}
      </div>
      {scope && (
        <BulkDialog
          scope={scope}
          onClose={() => setScope(undefined)}
          onSent={() => {
            setScope(undefined);
            select(none);
          }}
        />
      )}
    </section>
  );
}

function moveFocus(list: HTMLUListElement | null, by: number): void {
  const links = [...(list?.querySelectorAll<HTMLElement>('a.thing') ?? [])];
  const at = links.findIndex((link) => link.closest('li')?.contains(document.activeElement));
  const next = at < 0 ? 0 : Math.min(links.length - 1, Math.max(0, at + by));
  links[next]?.focus();
  links[next]?.scrollIntoView({ block: 'nearest' });
}

function toggleFocused(): void {
  document.activeElement?.closest('li')?.querySelector<HTMLInputElement>('input[type=checkbox]')?.click();
}
