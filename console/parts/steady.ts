import { useEffect, useReducer, useRef } from 'preact/hooks';

/** Whoever points at something has not yet decided, or not yet pressed, for as long after the last move. */
const restMs = 1_000;
/** Nothing is kept back for longer: a pointer may be pressed for ever, or never rest. */
const mostMs = 5_000;

let pressedAt: number | undefined;
let movedAt = Number.NEGATIVE_INFINITY;

/** Follows the pointer in what the views show; gives what ends it. */
export function watchPointer(): () => void {
  const watch = ({ type, target }: Event) => {
    const now = performance.now();
    const isInView = target instanceof Element && target.closest('main') && !target.closest('dialog');
    if (type === 'pointerdown' && isInView) pressedAt = now;
    if (type === 'pointerup' || type === 'pointercancel') pressedAt = undefined;
    movedAt = isInView || type === 'scroll' ? now : Number.NEGATIVE_INFINITY;
  };
  const types = ['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'scroll'];
  for (const type of types) document.addEventListener(type, watch);
  return () => {
    for (const type of types) document.removeEventListener(type, watch);
  };
}

function mayMove(waitsSince: number): boolean {
  const now = performance.now();
  if (pressedAt !== undefined && now - pressedAt < mostMs) return false;
  return now - movedAt >= restMs || now - waitsSince >= mostMs;
}

/**
 * The newest value, or the one before while somebody points at what is shown: what moves between a look and a click,
 * or a press and a release, gets a click that was meant for another. Of another list, and where nothing was shown, it is the newest.
 */
export function useSteady<T>(newest: T, list: string): T {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const shown = useRef({ list, value: newest });
  const waitsSince = useRef<number>(undefined);
  const { value } = shown.current;
  waitsSince.current = value === newest ? undefined : (waitsSince.current ?? performance.now());
  if (
    value === undefined ||
    shown.current.list !== list ||
    waitsSince.current === undefined ||
    mayMove(waitsSince.current)
  ) {
    shown.current = { list, value: newest };
    waitsSince.current = undefined;
  }
  const waits = waitsSince.current !== undefined;
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => {
      if (waitsSince.current !== undefined && mayMove(waitsSince.current)) redraw(undefined);
    }, 100);
    return () => clearInterval(timer);
  }, [waits]);
  return shown.current.value;
}
