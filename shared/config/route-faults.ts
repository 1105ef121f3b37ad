import { type ChannelName, listNamed } from '../../functions/notify/channels/registry';
import { caseStatuses } from '../domain/case/status';
import { isWithin, mayTake, type Route } from '../domain/messages/routing';
import { severities } from '../domain/severity';
import type { Fault } from './fault';
import type { FileConfiguration } from './schema';

/** Messages that some channel must show at any time. */
const needsSomebody: ReadonlySet<string> = new Set([
  'containment-failed',
  'release-conflict',
  'awaiting-approval',
]);

/** The channels that routes may name: those for other systems take every message. */
export function listRoutable({ notify }: Pick<FileConfiguration, 'notify'>): ChannelName[] {
  return listNamed(notify).flatMap(({ name, descriptor }) =>
    'audience' in descriptor && descriptor.audience === 'everyone' ? [] : [name],
  );
}

/**
 * Routes that name an unknown channel or playbook, that never apply, or that give nobody a message that some channel
 * must show.
 */
export function findRouteFaults(configuration: FileConfiguration): Fault[] {
  const { routes } = configuration.notify;
  if (!routes) return [];
  return [...findUnknown(routes, configuration), ...findHoles(routes, configuration)];
}

function findUnknown(routes: readonly Route[], configuration: FileConfiguration): Fault[] {
  const routable: readonly string[] = listRoutable(configuration);
  const playbooks = configuration.playbooks.map(({ name }) => name);
  const at = (index: number, ...rest: (string | number)[]) => ['notify', 'routes', index, ...rest];
  return routes.flatMap(({ to, playbook = [] }, index) => [
    ...to.flatMap((name, place) =>
      routable.includes(name)
        ? []
        : [{ path: at(index, 'to', place), message: explainChannel(name, routable, configuration) }],
    ),
    ...playbook
      .filter((name) => !playbooks.includes(name))
      .map((name) => ({
        path: at(index, 'playbook'),
        message: `there is no playbook ${name}, only ${playbooks.join(', ')}`,
      })),
  ]);
}

function explainChannel(name: string, routable: readonly string[], { notify }: FileConfiguration): string {
  if (listNamed(notify).some((named) => named.name === name))
    return `${name} is for other systems and takes every message: leave it out`;
  return routable.length > 0
    ? `${name} is no channel of notify, which has ${routable.join(', ')}`
    : `${name} is no channel of notify, which names none: add ${name} to notify`;
}

interface Kind {
  readonly status: string;
  readonly severity: string;
  readonly playbook?: string | undefined;
}

function findHoles(routes: readonly Route[], { playbooks }: FileConfiguration): Fault[] {
  const names = [undefined, ...playbooks.map(({ name }) => name)];
  const kinds: Kind[] = caseStatuses.flatMap((status) =>
    severities.flatMap((severity) => names.map((playbook) => ({ status, severity, playbook }))),
  );
  const reached = kinds.map((kind) => ({ kind, ...findReached(routes, kind) }));
  const untaken = reached.find(({ isWhole }) => !isWhole);
  const taking = new Set(reached.flatMap((one) => one.reached));
  const silent = routes.flatMap((route, index) => {
    if (route.to.length > 0) return [];
    const lost = reached.find((one) => needsSomebody.has(one.kind.status) && one.reached.includes(route));
    return lost
      ? [
          {
            path: ['notify', 'routes', index, 'to'],
            message: `a message ${describe(lost.kind)} would reach nobody: name a channel, or list the statuses that this route is for`,
          },
        ]
      : [];
  });
  return [
    ...(untaken
      ? [
          {
            path: ['notify', 'routes'],
            message: `no route takes a message ${describe(untaken.kind)}${untaken.reached.length > 0 ? ' at all hours' : ''}: end the list with a route that has only to`,
          },
        ]
      : []),
    ...silent,
    ...routes.flatMap((route, index) =>
      taking.has(route)
        ? []
        : [
            {
              path: ['notify', 'routes', index],
              message:
                'no message gets here, as the routes before it take them all: move it up, or remove it',
            },
          ],
    ),
  ];
}

/** Severities that no channel shows in a status: each route that may take them names no channel. */
export function findUntold({ notify: { routes }, playbooks }: FileConfiguration): {
  readonly status: string;
  readonly untold: readonly string[];
  readonly isAll: boolean;
}[] {
  if (!routes) return [];
  const names = [undefined, ...playbooks.map(({ name }) => name)];
  return caseStatuses.flatMap((status) => {
    const untold = severities.filter((severity) =>
      names.every((playbook) =>
        findReached(routes, { status, severity, playbook }).reached.every(({ to }) => to.length === 0),
      ),
    );
    return untold.length > 0 ? [{ status, untold, isAll: untold.length === severities.length }] : [];
  });
}

/** Channels for people that no route names. */
export function listUnnamed(configuration: FileConfiguration): string[] {
  const { routes } = configuration.notify;
  if (!routes) return [];
  const named = new Set(routes.flatMap(({ to }) => to));
  return listRoutable(configuration).filter((name) => !named.has(name));
}

function describe({ status, severity, playbook }: Kind): string {
  return `of severity ${severity} in the status ${status}${playbook === undefined ? '' : `, of playbook ${playbook}`}`;
}

/** The routes that may take a message of this kind, and whether one of them does at any time. */
function findReached(routes: readonly Route[], kind: Kind): { reached: Route[]; isWhole: boolean } {
  const reached: Route[] = [];
  for (const route of routes) {
    if (!mayTake(route, kind)) continue;
    if (!coversWeek(reached)) reached.push(route);
    if (!route.hours) return { reached, isWhole: true };
  }
  return { reached, isWhole: coversWeek(reached) };
}

const weekMinutes = 7 * 1_440;

/** The clocks of time zones change on different days, so only hours of one zone are combined. */
function coversWeek(routes: readonly Route[]): boolean {
  const hours = routes.flatMap((route) => route.hours ?? []);
  const zones = new Set(hours.map(({ timeZone }) => timeZone));
  return [...zones].some((zone) => {
    const own = hours.filter(({ timeZone }) => timeZone === zone);
    return Array.from({ length: weekMinutes }, (_, minute) => minute).every((minute) =>
      own.some((one) => isWithin(one, minute)),
    );
  });
}
