const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** `3 min`: the largest unit that fits, so that a list is read at a glance. */
export function writeDuration(ms: number): string {
  const of = Math.max(0, ms);
  if (of < 1_000) return `${Math.round(of)} ms`;
  if (of < minute) return `${Math.floor(of / 1_000)} s`;
  if (of < hour) return `${Math.floor(of / minute)} min`;
  if (of < day) {
    const hours = Math.floor(of / hour);
    const minutes = Math.floor((of - hours * hour) / minute);
    return hours < 6 && minutes > 0 ? `${hours} h ${minutes} min` : `${hours} h`;
  }
  const days = Math.floor(of / day);
  return days === 1 ? '1 day' : `${days} days`;
}

/** How long ago, or how soon. A clock that is a little ahead shows no time in the future. */
export function writeRelative(at: number, now: number): string {
  const ago = now - at;
  if (Math.abs(ago) < 2_000) return 'just now';
  return ago > 0 ? `${writeDuration(ago)} ago` : `in ${writeDuration(-ago)}`;
}

/** How much of the time for an answer is left. */
export function writeTimeLeft(until: number, now: number): string {
  return until <= now ? 'expired' : `${writeDuration(until - now)} left`;
}

/** Date and time with the zone, because people of a team may work in several. */
export function writeAbsolute(at: number, zone?: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    ...{ year: 'numeric', month: 'short', day: 'numeric' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', timeZoneName: 'short' },
    ...(zone !== undefined && { timeZone: zone }),
  }).format(at);
}

/** `02:14:07`: the order of what happened within a minute. */
export function writeSecond(at: number, zone?: string): string {
  return new Intl.DateTimeFormat('en-GB', {
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
    ...(zone !== undefined && { timeZone: zone }),
  }).format(at);
}

/** `02:14`, with the day where it is not today. */
export function writeClock(at: number, now: number, zone?: string): string {
  const options = zone === undefined ? {} : { timeZone: zone };
  const time = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', ...options }).format(
    at,
  );
  const dayOf = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', ...options });
  return dayOf.format(at) === dayOf.format(now) ? time : `${dayOf.format(at)}, ${time}`;
}
