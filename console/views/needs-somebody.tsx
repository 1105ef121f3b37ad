import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import type { CaseListAnswer, Summary } from '../../shared/api/answers';
import { type BulkAct, BulkDialog, type BulkScope } from '../acts/bulk-dialog';
import { useRights } from '../acts/rights';
import { actWords } from '../acts/words';
import { useLive } from '../api/live';
import type { CaseStatus, ListedCase } from '../api/types';
import { useShortcuts } from '../keyboard/shortcuts';
import { CasePages } from '../parts/case-pages';
import { Storms } from '../parts/storms';
import { nameBehavior } from '../words/group';
import { needsSomebody, statusWords } from '../words/status';

interface Choice {
  readonly name: string;
  readonly statuses: readonly CaseStatus[];
}

const choices: readonly Choice[] = [
  { name: 'Needs somebody', statuses: needsSomebody },
  { name: 'In progress', statuses: ['containing', 'releasing'] },
  { name: 'Contained', statuses: ['contained'] },
  { name: 'Observed', statuses: ['observed'] },
  { name: 'Closed', statuses: ['closed'] },
];

const pageSize = 50;

/** Cases by urgency, and what can be done with several of them at once. */
export function NeedsSomebody() {
  const { query, route } = useLocation();
  const choice = choices.find(({ name }) => name === query.show) ?? choices[0];
  const statuses = choice?.statuses ?? needsSomebody;
  const [selected, setSelected] = useState<ReadonlyMap<string, ListedCase>>(new Map());
  const [scope, setScope] = useState<BulkScope>();
  const { thing = '', behaviors } = query;
  const filter = writeFilter(thing, behaviors);
  const path = `/cases?${new URLSearchParams({ status: statuses.join(','), limit: String(pageSize), ...filter })}`;
  const isFiltered = thing !== '' || behaviors !== undefined;
  const first = useLive<CaseListAnswer>(path);
  // The list first: what counts all cases takes longer, the more there are.
  const [isListed, setIsListed] = useState(false);
  useEffect(() => setIsListed((before) => before || first.value !== undefined), [first.value]);
  const summary = useLive<Summary>(isListed ? `/summary?${new URLSearchParams(filter)}` : undefined, 15_000);
  const list = useRef<HTMLUListElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const go = (to: ListPlace) => route(writeAddress({ show: query.show, thing, behaviors, ...to }));

  // What was selected in one list is not meant in another.
  useEffect(() => setSelected(new Map()), [path]);

  useShortcuts([
    { keys: 'j', does: 'Next case', run: () => moveFocus(list.current, 1) },
    { keys: 'k', does: 'Case before', run: () => moveFocus(list.current, -1) },
    { keys: 'x', does: 'Select the case, or not', run: () => toggleFocused() },
    { keys: '/', does: 'Find a thing', run: () => search.current?.focus() },
  ]);

  const toggle = (one: ListedCase) =>
    setSelected((before) => {
      const next = new Map(before);
      if (!next.delete(one.caseId)) next.set(one.caseId, one);
      return next;
    });

  return (
    <section class="view">
      <h1>{choice?.name ?? 'Cases'}</h1>
      <div class="filters">
        <nav aria-label="Which cases">
          {choices.map((one) => (
            <a
              key={one.name}
              class="chip"
              aria-current={one === choice ? 'true' : undefined}
              href={writeAddress({ show: one === choices[0] ? undefined : one.name, thing, behaviors })}
            >
              {one.name} <Count summary={summary.value} statuses={one.statuses} />
            </a>
          ))}
        </nav>
        <search>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              go({ thing: search.current?.value.trim() ?? '' });
            }}
          >
            <label>
              <span class="sr-only">Things whose name begins with</span>
              <input ref={search} type="search" placeholder="Find a thing" value={thing} key={thing} />
            </label>
          </form>
        </search>
      </div>
      {isFiltered && (
        <p class="filtered">
          Only {behaviors !== undefined && <b class="code">{writeGroup(behaviors)}</b>}{' '}
          {thing && (
            <>
              things that begin with <b class="code">{thing}</b>
            </>
          )}{' '}
          <button type="button" class="link" onClick={() => go({ thing: '', behaviors: undefined })}>
            Show all
          </button>
        </p>
      )}
      <CasePages
        first={first}
        path={path}
        listRef={list}
        selected={selected}
        onToggle={toggle}
        empty={<Empty statuses={statuses} isFiltered={isFiltered} />}
        before={
          summary.value && (
            <Storms
              summary={summary.value}
              statuses={statuses}
              onShow={
                behaviors === undefined ? (group) => go({ behaviors: group.behaviors.join(',') }) : undefined
              }
              onAct={(act, group) => setScope({ kind: 'group', act, group, thing })}
            />
          )
        }
      />
      {selected.size > 0 && (
        <SelectionBar
          selected={[...selected.values()]}
          onClear={() => setSelected(new Map())}
          onAct={(act) => setScope({ kind: 'cases', act, cases: [...selected.values()] })}
        />
      )}
      {scope && (
        <BulkDialog
          scope={scope}
          onClose={() => setScope(undefined)}
          onSent={() => {
            setScope(undefined);
            setSelected(new Map());
          }}
        />
      )}
    </section>
  );
}

/** What of the list is in the address. `behaviors` are those of a group, with commas between. */
interface ListPlace {
  readonly show?: string | undefined;
  readonly thing?: string;
  readonly behaviors?: string | undefined;
}

function writeAddress(place: ListPlace): string {
  const { show, thing = '', behaviors } = place;
  const query = new URLSearchParams({
    ...(show !== undefined && { show }),
    ...writeFilter(thing, behaviors),
  });
  return query.size > 0 ? `/console?${query}` : '/console';
}

/** As the API takes it. */
function writeFilter(thing: string, behaviors: string | undefined): Record<string, string> {
  return { ...(thing !== '' && { thing }), ...(behaviors !== undefined && { behaviors }) };
}

function writeGroup(behaviors: string): string {
  return behaviors === '' ? 'contained by hand' : behaviors.split(',').map(nameBehavior).join(' and ');
}

function Count({
  summary,
  statuses,
}: {
  readonly summary: Summary | undefined;
  readonly statuses: readonly CaseStatus[];
}) {
  if (!summary || statuses.includes('closed')) return null;
  const count = statuses.reduce((sum, status) => sum + (summary.counts[status] ?? 0), 0);
  return (
    <span class="count">
      {new Intl.NumberFormat('en-GB').format(count)}
      {summary.isComplete ? '' : '+'}
    </span>
  );
}

function Empty({
  statuses,
  isFiltered,
}: {
  readonly statuses: readonly CaseStatus[];
  readonly isFiltered: boolean;
}) {
  const isFirst = statuses === needsSomebody;
  return (
    <div class="empty">
      <svg viewBox="0 0 48 48" aria-hidden="true" focusable="false">
        <circle cx="24" cy="24" r="20" />
        <path d="M15 24.5l6 6 12-13" />
      </svg>
      <h2>{isFiltered ? 'No case matches' : isFirst ? 'Nothing needs you' : 'No case here'}</h2>
      <p>
        {isFiltered
          ? 'Open cases that match this filter would be here.'
          : isFirst
            ? 'No containment waits for approval, none failed, and no release is in conflict.'
            : `Cases that ${statuses.map((status) => statusWords[status].several).join(' or ')} would be here.`}
      </p>
    </div>
  );
}

interface SelectionProps {
  readonly selected: readonly ListedCase[];
  readonly onClear: () => void;
  readonly onAct: (act: BulkAct) => void;
}

/** Which acts fit all that is selected, by what each status offers. */
function SelectionBar({ selected, onClear, onAct }: SelectionProps) {
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
