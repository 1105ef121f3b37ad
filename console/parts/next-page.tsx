import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLive } from '../api/live';
import { useSteady } from './steady';

interface NextPageProps<Page> {
  readonly path: string;
  /** The list that the page is of, if a change in the page before moves the cursor in its path. */
  readonly list?: string;
  readonly label: string;
  readonly everyMs?: number;
  readonly children: (page: Page) => ComponentChildren;
}

/** A further page of a list, which is read once somebody asks for it. */
export function NextPage<Page>({ path, list = path, label, everyMs, children }: NextPageProps<Page>) {
  const [isOpen, setIsOpen] = useState(false);
  const live = useLive<Page>(isOpen ? path : undefined, everyMs);
  // The old page stays until the one of a moved cursor has come.
  const read = useRef<{ readonly list: string; readonly page: Page }>(undefined);
  if (live.value) read.current = { list, page: live.value };
  const page = useSteady(read.current?.list === list ? read.current.page : undefined, list);
  const remember = useFocusOnNext(page !== undefined);
  if (page) return <>{children(page)}</>;
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
        {isOpen ? (live.error?.message ?? 'Loading…') : label}
      </button>
    </li>
  );
}

/**
 * After somebody pressed the button for a page, the focus moves to its first row. Without a focus, the next key would
 * begin at the top.
 */
function useFocusOnNext(isHere: boolean): (button: HTMLElement) => void {
  const before = useRef<Element>(undefined);
  useLayoutEffect(() => {
    if (!isHere || document.activeElement !== document.body) return;
    before.current?.nextElementSibling?.querySelector<HTMLElement>('a')?.focus();
    before.current = undefined;
  }, [isHere]);
  return (button) => {
    before.current = button.closest('li')?.previousElementSibling ?? undefined;
  };
}
