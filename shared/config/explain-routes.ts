import { listNamed } from '../../functions/notify/channels/registry';
import { firstReminderMs, mostReminders } from '../domain/case/reminders';
import { readDigestEvery } from '../domain/messages/digest';
import type { Hours, Route } from '../domain/messages/routing';
import { readStormLimit } from '../domain/messages/storm';
import { writeDuration } from '../domain/words';
import { findUntold, listRoutable } from './route-faults';
import type { FileConfiguration } from './schema';

/** The routes to the channels, in words. */
export function explainRoutes(configuration: FileConfiguration): string[] {
  const { routes } = configuration.notify;
  const told = listReceivers(configuration);
  const everybody = [...told.values()].flat();
  if (!routes) return [`Announcements go to: ${everybody.join(', ') || 'nobody'}`];
  const routable: readonly string[] = listRoutable(configuration);
  const others = [...told].flatMap(([name, receivers]) => (routable.includes(name) ? [] : receivers));
  return [
    'Announcements go to the first of these that applies, and to each channel that showed the case before:',
    ...routes.map(
      (route, index) =>
        `  ${index + 1}. ${writeCondition(route)}: ${route.to.flatMap((name) => told.get(name) ?? []).join(', ') || 'nobody'}`,
    ),
    ...(others.length > 0 ? [`All of them, at any time, go to: ${others.join(', ')}`] : []),
    ...findUntold(configuration).map(
      ({ status, untold, isAll }) =>
        `No channel shows ${isAll ? '' : `${untold.join(' or ')} `}cases that are ${status}`,
    ),
  ];
}

/** When one message covers many cases, and when a reminder comes. */
export function explainPace(configuration: FileConfiguration): string[] {
  if (listRoutable(configuration).length === 0) return [];
  const { digest, storm } = configuration.notify;
  const every = readDigestEvery(digest);
  const limit = readStormLimit(storm);
  return [
    every === undefined
      ? 'Cases that are only recorded: a message for each'
      : `Cases that are only recorded: one message for all of them, every ${writeDuration(every).replace(/^1 /, '')}`,
    limit === undefined
      ? 'Storms: a message for each case, however many'
      : `Storms: one message for all cases, once more than ${limit.cases} things have a new one of the same behavior within ${writeDuration(limit.within)}`,
    `A failed containment that nobody takes: announced again after ${writeDuration(firstReminderMs)}, ${mostReminders} times at growing intervals`,
  ];
}

function listReceivers({ notify }: FileConfiguration): ReadonlyMap<string, readonly string[]> {
  return new Map(
    listNamed(notify).map(({ name, descriptor, section }) => [name, descriptor.listTold(section)]),
  );
}

function writeCondition({ severity, status, playbook, hours }: Route): string {
  const parts = [
    severity?.join(' or '),
    status?.join(' or '),
    playbook && `playbook ${playbook.join(' or ')}`,
    hours && writeHours(hours),
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(', ') : 'everything else';
}

const dayNames = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];

function writeHours({ from, to, days, timeZone }: Hours): string {
  const when = days.length === 7 ? 'every day' : days.map((day) => dayNames[day]).join(', ');
  return `${writeTime(from)} to ${writeTime(to)}${to > from ? '' : ' of the next day'} (${timeZone}), ${when}`;
}

function writeTime(minutes: number): string {
  return [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
