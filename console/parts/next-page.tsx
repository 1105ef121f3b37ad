import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
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
  if (page) return <>{children(page)}</>;
  return (
    <li class="more">
      <button type="button" disabled={isOpen && !live.error} onClick={() => setIsOpen(true)}>
        {isOpen ? (live.error?.message ?? 'Loading…') : label}
      </button>
    </li>
  );
}
