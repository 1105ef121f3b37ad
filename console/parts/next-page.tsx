import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLive } from '../api/live';
import { useSteady } from './steady';

interface NextPageProps<Page> {
  readonly path: string;
  readonly label: string;
  readonly everyMs?: number;
  readonly children: (page: Page) => ComponentChildren;
}

/** A further page of a list, which is read once somebody asks for it. */
export function NextPage<Page>({ path, label, everyMs, children }: NextPageProps<Page>) {
  const [isOpen, setIsOpen] = useState(false);
  const live = useLive<Page>(isOpen ? path : undefined, everyMs);
  const page = useSteady(live.value, path);
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

/** Whoever pressed the button for a page goes on at what comes in its place: without a focus, the next key begins at the top. */
export function useFocusOnNext(isHere: boolean): (button: HTMLElement) => void {
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
