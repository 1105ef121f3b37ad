import type { RefObject } from 'preact';
import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Summary } from '../../shared/api/lists';
import {
  type Choice,
  choices,
  type ListFilter,
  type ListPlace,
  nameShown,
  writeAddress,
  writeFilter,
  writeGroup,
} from '../words/choices';
import { CaseCount } from './case-count';

interface ListFiltersProps {
  readonly chosen: Choice | undefined;
  readonly wanted: ListFilter;
  /** Counts the cases behind each choice, once it is there. */
  readonly summary: Summary | undefined;
  readonly search: RefObject<HTMLInputElement | null>;
  readonly onGo: (to: ListPlace) => void;
}

/** Which cases a list shows. */
export function ListFilters({ chosen, wanted, summary, search, onGo }: ListFiltersProps) {
  const { thing = '' } = wanted;
  const chips = useRef<HTMLElement>(null);
  // In a narrow window the chips are wider than it, and their first counts widen them. The page itself must not scroll.
  useLayoutEffect(() => {
    const current = chips.current?.querySelector<HTMLElement>('[aria-current]');
    if (current) chips.current?.scrollTo({ left: current.offsetLeft - chips.current.offsetLeft - 16 });
  }, [chosen, summary === undefined]);
  return (
    <>
      <div class="filters">
        <nav aria-label="Which cases" ref={chips}>
          {choices.map((one, index) => (
            <a
              key={one.name}
              class="chip"
              aria-current={one === chosen ? 'true' : undefined}
              href={writeAddress({ show: nameShown(one), ...wanted })}
              aria-keyshortcuts={String(index + 1)}
            >
              {one.name} <CaseCount summary={summary} statuses={one.statuses} />
            </a>
          ))}
        </nav>
        <search>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              onGo({ thing: search.current?.value.trim() ?? '' });
            }}
          >
            <label>
              <span class="sr-only">Things whose name begins with</span>
              <input ref={search} type="search" placeholder="Find a thing" defaultValue={thing} key={thing} />
            </label>
          </form>
        </search>
      </div>
      {Object.keys(writeFilter(wanted)).length > 0 && <Filtered wanted={wanted} onGo={onGo} />}
    </>
  );
}

/** The filters of the list, and a button that removes them. */
function Filtered({ wanted: { thing, behaviors, group }, onGo }: Pick<ListFiltersProps, 'wanted' | 'onGo'>) {
  return (
    <p class="filtered">
      Only {behaviors !== undefined && <b class="code">{writeGroup(behaviors)}</b>}{' '}
      {thing && (
        <>
          things that begin with <b class="code">{thing}</b>
        </>
      )}{' '}
      {group !== undefined && (
        <>
          things of group <b class="code">{group}</b>
        </>
      )}{' '}
      <button
        type="button"
        class="link"
        onClick={() => onGo({ thing: '', behaviors: undefined, group: undefined })}
      >
        Show all
      </button>
    </p>
  );
}
