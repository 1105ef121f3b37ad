import { useLayoutEffect, useRef } from 'preact/hooks';

export interface Shortcut {
  /** `j`, or `g n` for two keys after each other. */
  readonly keys: string;
  readonly does: string;
  readonly run: () => void;
}

/** Newest first: a view's shortcut wins over that of the page around it. */
const active: (readonly Shortcut[])[] = [];
const togetherMs = 1_200;
const setting = 'cordon-shortcuts';

export function listShortcuts(): readonly Shortcut[] {
  const seen = new Set<string>();
  return active.flat().filter(({ keys }) => !seen.has(keys) && seen.add(keys));
}

export function areShortcutsOn(): boolean {
  return localStorage.getItem(setting) !== 'off';
}

/** Keys without a modifier can hinder people who dictate (WCAG 2.1.4), so they can be turned off. */
export function setShortcuts(isOn: boolean): void {
  if (isOn) localStorage.removeItem(setting);
  else localStorage.setItem(setting, 'off');
}

export function useShortcuts(shortcuts: readonly Shortcut[]): void {
  const newest = useRef(shortcuts);
  newest.current = shortcuts;
  useLayoutEffect(() => {
    // A key runs the function of the last render.
    const entry = newest.current.map(({ keys, does }) => ({
      keys,
      does,
      run: () => newest.current.find((one) => one.keys === keys)?.run(),
    }));
    active.unshift(entry);
    return () => {
      active.splice(active.indexOf(entry), 1);
    };
  }, [shortcuts.map(({ keys }) => keys).join()]);
}

/** Listens on the whole page; gives what ends it. */
export function listenToKeys(): () => void {
  let first: { readonly key: string; readonly at: number } | undefined;
  const onKey = (event: KeyboardEvent) => {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || isTyping(event.target)) return;
    if (document.querySelector('dialog[open]') || (!areShortcutsOn() && key !== '?')) return;
    const together = first && Date.now() - first.at < togetherMs ? `${first.key} ${key}` : undefined;
    const all = listShortcuts();
    const found = all.find(({ keys }) => keys === together) ?? all.find(({ keys }) => keys === key);
    first = all.some(({ keys }) => keys.startsWith(`${key} `)) ? { key, at: Date.now() } : undefined;
    if (!found) return;
    event.preventDefault();
    first = undefined;
    found.run();
  };
  document.addEventListener('keydown', onKey);
  return () => document.removeEventListener('keydown', onKey);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)) &&
    !(target instanceof HTMLInputElement && target.type === 'checkbox')
  );
}
