import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { useLive } from '../api/live';

interface NextPageProps<Page> {
  readonly path: string;
  readonly label: string;
  readonly everyMs?: number;
  readonly children: (page: Page) => ComponentChildren;
}

/** A further page of a list, which is read once somebody asks for it. */
export function NextPage<Page>({ path, label, everyMs, children }: NextPageProps<Page>) {
  const [isOpen, setIsOpen] = useState(false);
  const page = useLive<Page>(isOpen ? path : undefined, everyMs);
  if (page.value) return <>{children(page.value)}</>;
  return (
    <li class="more">
      <button type="button" disabled={isOpen && !page.error} onClick={() => setIsOpen(true)}>
        {isOpen ? (page.error?.message ?? 'Loading…') : label}
      </button>
    </li>
  );
}
