import type { KillSwitch } from '../guards/kill-switch';

/** `the kill switch is on, since TIME, by ada (wrong threshold)`. All but the state is somebody's text. */
export function describeKillSwitch({ state, by, at, reason }: KillSwitch): string {
  if (state === 'unknown') return `the kill switch can't be read (${reason})`;
  const known = [at && `since ${at}`, by && `by ${by}`].filter(Boolean);
  const why = reason ? ` (${reason})` : '';
  return `${[`the kill switch is ${state}`, ...known].join(', ')}${why}`;
}
