import { writeDigest } from '../../shared/domain/lists/digest';
import { type Route, routeMany } from '../../shared/domain/messages/routing';
import type { Announcer } from '../../shared/ports/aws';
import type { Clock, Log } from '../../shared/ports/runtime';
import type { DigestState, Digests } from '../../shared/storage/digests';

export interface DigestPorts {
  /** How often; undefined: never, as each case has a message of its own. */
  readonly everyMs: number | undefined;
  readonly digests: Digests;
  readonly announcer: Announcer;
  readonly routes: readonly Route[] | undefined;
  readonly consoleUrl: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** Longer than respond takes from the clock that a case has to the index that lists it: its timeout is 15 s. */
const settledMs = 20_000;

/**
 * Announces the cases that were only recorded since the last digest, once in each interval. The digest is recorded first,
 * so that a run that was killed is repeated under the same id, and no case is left out.
 */
export async function publishDigest(ports: DigestPorts): Promise<void> {
  const { everyMs, digests, announcer, routes, consoleUrl, clock, log } = ports;
  if (everyMs === undefined) return;
  const now = clock();
  const stored = await digests.load();
  const state: DigestState = stored?.value ?? { until: now - everyMs - settledMs, seq: 0 };
  if (!state.telling && now - settledMs - state.until < everyMs) return;
  const span = state.telling ?? { seq: state.seq + 1, from: state.until, to: now - settledMs };
  const version = await digests.save({ ...state, telling: span }, stored?.version ?? 0);
  const cases = await digests.list(span);
  if (cases.length > 0) {
    const digest = writeDigest(cases, span, consoleUrl);
    // Routes them as recorded cases, since some may have another status now.
    const recorded = cases.map(({ severity, playbook }) => ({ severity, playbook, status: 'observed' }));
    await announcer.publish({
      ...digest,
      ...(routes && { channels: routeMany(recorded, span.to, routes) }),
    });
    log.info('digest published', { id: digest.id, cases: cases.length });
  }
  await digests.save({ until: span.to, seq: span.seq }, version);
}
