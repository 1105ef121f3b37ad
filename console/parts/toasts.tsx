import { useEffect, useState } from 'preact/hooks';
import { useSteady } from './steady';

interface Toast {
  readonly id: number;
  readonly tone: 'good' | 'danger' | 'quiet';
  readonly text: string;
}

let toasts: readonly Toast[] = [];
let next = 1;
const listeners = new Set<(all: readonly Toast[]) => void>();
const shownMs = 8_000;
/** Faults stay beyond this number. */
const mostShown = 4;

function set(all: readonly Toast[]): void {
  toasts = all;
  for (const listener of listeners) listener(all);
}

/** Shows what became of a command. A fault stays until it is closed. */
export function showToast(tone: Toast['tone'], text: string): void {
  const toast = { id: next, tone, text };
  next += 1;
  const all = [...toasts, toast];
  const oldest = all.length > mostShown ? all.find((one) => one.tone !== 'danger') : undefined;
  set(all.filter((one) => one !== oldest));
  if (tone !== 'danger') setTimeout(() => close(toast.id), shownMs);
}

function close(id: number): void {
  set(toasts.filter((toast) => toast.id !== id));
}

export function Toasts() {
  const [newest, setNewest] = useState(toasts);
  const [closed, setClosed] = useState(0);
  useEffect(() => {
    listeners.add(setNewest);
    return () => void listeners.delete(setNewest);
  }, []);
  // A message that disappears by itself stays while somebody points at it, so that a click on its button does not reach
  // the page behind. A message that somebody closes disappears at once.
  const shown = useSteady(newest, `without ${closed}`, 'toasts');
  return (
    <div class="toasts" role="status" aria-live="polite">
      {shown.map(({ id, tone, text }) => (
        <div key={id} class={`toast tone-${tone}`}>
          <span>{text}</span>
          <button
            type="button"
            class="quiet"
            onClick={() => {
              close(id);
              setClosed(id);
            }}
          >
            Close
          </button>
        </div>
      ))}
    </div>
  );
}
