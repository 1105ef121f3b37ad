import { useEffect, useReducer, useRef } from 'preact/hooks';

/** How long after its last move a pointer may still be about to press. */
const restMs = 1_000;
/** The longest delay, because a pointer may stay pressed for ever or never rest. */
const mostMs = 5_000;

/** Where a pointer can be at what moves: in what the views show, or at the toasts above it. */
type Place = 'view' | 'toasts';

let pressedAt: number | undefined;
let movedAt = Number.NEGATIVE_INFINITY;
let pointsAt: Place | undefined;

/** Follows the pointer in what moves; gives what ends it. */
export function watchPointer(): () => void {
  const watch = ({ type, target }: Event) => {
    const now = performance.now();
    pointsAt = type === 'scroll' ? (pointsAt ?? 'view') : findPlace(target);
    if (type === 'pointerdown' && pointsAt) pressedAt = now;
    if (type === 'pointerup' || type === 'pointercancel') pressedAt = undefined;
    movedAt = pointsAt ? now : Number.NEGATIVE_INFINITY;
  };
  const types = ['pointerdown', 'pointermove', 'pointerup', 'pointercancel', 'scroll'];
  for (const type of types) document.addEventListener(type, watch);
  return () => {
    for (const type of types) document.removeEventListener(type, watch);
  };
}

function findPlace(target: EventTarget | null): Place | undefined {
  if (!(target instanceof Element)) return undefined;
  if (target.closest('.toasts')) return 'toasts';
  return target.closest('main, .banner') ? 'view' : undefined;
}

/** After a dialog has closed, the pointer is on something else, which nobody has looked at yet. */
export function forgetPointer(): void {
  pressedAt = undefined;
  movedAt = Number.NEGATIVE_INFINITY;
}

function mayMove(waitsSince: number, place: Place): boolean {
  if (pointsAt !== place) return true;
  const now = performance.now();
  if (pressedAt !== undefined && now - pressedAt < mostMs) return false;
  return now - movedAt >= restMs || now - waitsSince >= mostMs;
}

/**
 * The newest value, or the earlier one while somebody points at it: if rows moved between a look and a click, or
 * between a press and a release, the click would go to another row. For another list, or if nothing was shown, it is
 * the newest.
 */
export function useSteady<T>(newest: T, list: string, place: Place = 'view'): T {
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const shown = useRef({ list, value: newest });
  const waitsSince = useRef<number>(undefined);
  const { value } = shown.current;
  waitsSince.current = value === newest ? undefined : (waitsSince.current ?? performance.now());
  if (
    value === undefined ||
    shown.current.list !== list ||
    waitsSince.current === undefined ||
    mayMove(waitsSince.current, place)
  ) {
    shown.current = { list, value: newest };
    waitsSince.current = undefined;
  }
  const waits = waitsSince.current !== undefined;
  useEffect(() => {
    if (!waits) return;
    const timer = setInterval(() => {
      if (waitsSince.current !== undefined && mayMove(waitsSince.current, place)) redraw(undefined);
    }, 100);
    return () => clearInterval(timer);
  }, [waits]);
  return shown.current.value;
}
