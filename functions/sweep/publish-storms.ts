import type { ListedCase } from '../../shared/domain/lists/outline';
import { countStatuses, findStormCases, isCalm, writeStorm } from '../../shared/domain/lists/storm';
import { type Route, routeMany } from '../../shared/domain/messages/routing';
import type { Storm, StormLimit, StormState, StormTold } from '../../shared/domain/messages/storm';
import { VersionConflictError } from '../../shared/errors';
import type { Announcer } from '../../shared/ports/aws';
import type { Clock, Log } from '../../shared/ports/runtime';
import type { StormList } from '../../shared/storage/storms';

export interface StormPorts {
  /** Undefined: each case has a message of its own. */
  readonly limit: StormLimit | undefined;
  readonly storms: StormList;
  readonly announcer: Announcer;
  readonly routes: readonly Route[] | undefined;
  readonly consoleUrl: string;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Announces once a minute what has changed in each storm, and records that afterwards: a run that was killed is repeated
 * with a newer message. The end is announced one run after it was found, so that it has everything that the cases left to it.
 */
export async function publishStorms(ports: StormPorts): Promise<void> {
  const { limit, storms, clock, log } = ports;
  if (!limit) return;
  const stored = (await storms.list()).filter(({ value }) => value.storms.length > 0);
  if (stored.length === 0) return;
  const since = Math.min(...stored.flatMap(({ value }) => value.storms.map((storm) => storm.since)));
  const listed = await storms.listCases(since);
  for (const { behavior, value, version } of stored) {
    const kept: Storm[] = [];
    for (const storm of value.storms) {
      const next = await publishStorm(behavior, storm, listed, limit, ports);
      if (next) kept.push(next);
    }
    const next: StormState = { ...value, storms: kept };
    if (JSON.stringify(next) === JSON.stringify(value)) continue;
    try {
      await storms.save(behavior, next, version, clock());
    } catch (error) {
      if (!(error instanceof VersionConflictError)) throw error;
      log.info('a case joined the storm meanwhile: the next run publishes it again', { behavior });
    }
  }
}

/** Undefined once its end is announced. */
async function publishStorm(
  behavior: string,
  storm: Storm,
  listed: readonly ListedCase[],
  { within }: StormLimit,
  { announcer, routes, consoleUrl, clock, log }: StormPorts,
): Promise<Storm | undefined> {
  const now = clock();
  const cases = findStormCases(behavior, storm, listed);
  const { own } = cases;
  const { told } = storm;
  const counts = countStatuses(own);
  const calm = isCalm(storm, own, now, within);
  const isEnd = calm && storm.over === true;
  const { over: _over, ...rest } = storm;
  const next: Storm = calm ? { ...rest, over: true } : rest;
  if (!isEnd && told?.counts === counts) return next;
  const waiting = own.filter(({ status }) => status === 'awaiting-approval').length;
  const isLoud = isEnd || !told || isWorse(own.length, waiting, told);
  const message = writeStorm(isEnd ? storm : rest, cases, now, consoleUrl);
  const channels = routes && routeMany(own, now, routes, told?.channels);
  await announcer.publish({ ...message, ...(channels && { channels }), ...(!isLoud && { update: true }) });
  log.info('storm published', { id: message.id, behavior, cases: own.length, counts });
  if (isEnd) return undefined;
  const loud = isLoud
    ? { cases: own.length, waiting }
    : { cases: told.cases, waiting: Math.min(waiting, told.waiting) };
  return { ...next, told: { counts, ...loud, ...(channels && { channels }) } };
}

/** Mail and cards can't be changed, so they are sent again once the number has doubled, or people are asked again. */
function isWorse(cases: number, waiting: number, told: StormTold): boolean {
  return cases >= 2 * told.cases || (waiting > 0 && waiting >= 2 * told.waiting);
}
