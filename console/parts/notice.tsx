import type { ComponentChildren } from 'preact';
import type { Live } from '../api/live';

interface NoticeProps {
  readonly tone: 'danger' | 'warning' | 'good' | 'quiet';
  readonly title: string;
  readonly children?: ComponentChildren;
}

export function Notice({ tone, title, children }: NoticeProps) {
  return (
    <div class={`notice tone-${tone}`}>
      <strong>{title}</strong>
      {children && <div>{children}</div>}
    </div>
  );
}

/** The placeholder of a view without data: that it loads, or why it can't. */
export function Pending({ live, what }: { readonly live: Live<unknown>; readonly what: string }) {
  if (live.error)
    return (
      <Notice tone="danger" title={`No ${what} to show`}>
        {live.error.message}
      </Notice>
    );
  return (
    <p class="pending" aria-live="polite">
      Loading {what}…
    </p>
  );
}
