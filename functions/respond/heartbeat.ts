import type { HeartbeatCommand } from '../../shared/domain/decide/command';
import { measureWay } from '../../shared/domain/heartbeat';
import { announceHeartbeat } from '../../shared/domain/messages/audience';
import type { Announcer, Clock, Heartbeats, Log, Metrics } from '../../shared/ports';

export interface HeartbeatPorts {
  readonly announcer: Announcer;
  readonly heartbeats: Heartbeats;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Announces a heartbeat, and records its times. Never fails: another comes each minute, and one that was delivered again
 * would measure its own retries. The alarm on a heartbeat that stays out tells of the failure.
 */
export async function takeHeartbeat(
  { violation, takenAt }: HeartbeatCommand,
  { announcer, heartbeats, log, metrics, clock }: HeartbeatPorts,
): Promise<void> {
  const { occurredAt: sentAt } = violation;
  const arrivedAt = clock();
  try {
    await announcer.publish(announceHeartbeat(sentAt));
    const heartbeat = { sentAt, takenAt, arrivedAt, announcedAt: clock() };
    await heartbeats.record(heartbeat);
    metrics.time('PipelineMs', measureWay(heartbeat));
  } catch (error) {
    log.error('the heartbeat ends here', { sentAt, error });
  }
}
