import { useEffect, useState } from 'preact/hooks';
import { writeAbsolute, writeRelative, writeTimeLeft } from '../words/time';

const listeners = new Set<(now: number) => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** The time, each second: one timer for all that shows how long ago something was. */
export function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    listeners.add(setNow);
    timer ??= setInterval(() => {
      if (!document.hidden) for (const listener of listeners) listener(Date.now());
    }, 1_000);
    return () => {
      listeners.delete(setNow);
      if (listeners.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, []);
  return now;
}

export function Ago({ at }: { readonly at: number }) {
  const now = useNow();
  return (
    <time dateTime={new Date(at).toISOString()} title={writeAbsolute(at)}>
      {writeRelative(at, now)}
    </time>
  );
}

export function TimeLeft({ until }: { readonly until: number }) {
  return <b title={writeAbsolute(until)}>{writeTimeLeft(until, useNow())}</b>;
}
