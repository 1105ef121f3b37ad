/** Which channels a message goes to: `notify.routes` of cordon.yml. */
export interface Route {
  readonly severity?: readonly string[] | undefined;
  readonly playbook?: readonly string[] | undefined;
  readonly status?: readonly string[] | undefined;
  readonly hours?: Hours | undefined;
  /** Names of channels. */
  readonly to: readonly string[];
}

/** A part of the week, where the clocks of `timeZone` show it. */
export interface Hours {
  /** Minutes after midnight. An end that is not after the start is on the next day. */
  readonly from: number;
  readonly to: number;
  /** Days on which it starts, Monday is 0. */
  readonly days: readonly number[];
  readonly timeZone: string;
}

interface Routed {
  readonly severity: string;
  readonly playbook?: string | undefined;
  readonly status: string;
}

/** The channels of the first route that applies, and those that showed the case before, which also show how it ends. */
export function routeMessage(
  message: Routed,
  at: number,
  routes: readonly Route[],
  toldTo: readonly string[] = [],
): string[] {
  const route = routes.find(
    (one) => mayTake(one, message) && (!one.hours || isWithin(one.hours, readClock(one.hours.timeZone, at))),
  );
  return [...new Set([...toldTo, ...(route?.to ?? [])])];
}

/** The channels of a message about several cases: all to which one of them would go. */
export function routeMany(
  cases: readonly Routed[],
  at: number,
  routes: readonly Route[],
  toldTo: readonly string[] = [],
): string[] {
  // Very many cases have few different routes.
  const kinds = new Map(cases.map((one) => [JSON.stringify([one.status, one.severity, one.playbook]), one]));
  return [...new Set([...toldTo, ...[...kinds.values()].flatMap((one) => routeMessage(one, at, routes))])];
}

/** Whether a route takes a message, at its hours. */
export function mayTake(route: Route, message: Routed): boolean {
  return (['severity', 'playbook', 'status'] as const).every((name) => {
    const listed = route[name];
    const value = message[name];
    return !listed || (value !== undefined && listed.includes(value));
  });
}

const dayMinutes = 1_440;

/** `minute`: of the week, which begins on Monday. */
export function isWithin({ from, to, days }: Hours, minute: number): boolean {
  const length = to > from ? to - from : to + dayMinutes - from;
  return days.some((day) => {
    const since = minute - day * dayMinutes - from;
    // Sunday's may end on Monday.
    return (since + 7 * dayMinutes) % (7 * dayMinutes) < length;
  });
}

const week = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];

/** The minute of the week that the clocks of a time zone show. */
export function readClock(timeZone: string, at: number): number {
  const parts = new Intl.DateTimeFormat('en-US', {
    ...{ timeZone, weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  }).formatToParts(at);
  const read = (type: string) => parts.find((part) => part.type === type)?.value ?? '';
  return week.indexOf(read('weekday')) * dayMinutes + Number(read('hour')) * 60 + Number(read('minute'));
}
