import type { HeartbeatCommand } from '../../shared/domain/decide/command';
import { measureWay } from '../../shared/domain/heartbeat';
import { announceHeartbeat } from '../../shared/domain/messages/audience';
import type { Announcer } from '../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import type { Heartbeats } from '../../shared/ports/storage';

export interface HeartbeatPorts {
  readonly announcer: Announcer;
  readonly heartbeats: Heartbeats;
  /** Makes the first calls of a containment, for the reserved name. Rejects if one fails. */
  reach(): Promise<unknown>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Announces a heartbeat and records its times, if respond can reach what a containment needs. So the connections to AWS
 * IoT are open when an alert comes, and a broken role or endpoint shows before that. Never throws: the next heartbeat
 * comes within a minute, and a redelivered one would measure its own retries. The alarm on a missing heartbeat reports
 * the failure.
 */
export async function handleHeartbeat(
  { violation, takenAt }: HeartbeatCommand,
  { announcer, heartbeats, reach, log, metrics, clock }: HeartbeatPorts,
): Promise<void> {
  const { occurredAt: sentAt } = violation;
  const arrivedAt = clock();
  try {
    const publish = async () => {
      await announcer.publish(announceHeartbeat(sentAt));
      return clock();
    };
    const [announcedAt] = await Promise.all([publish(), reach()]);
    const heartbeat = { sentAt, takenAt, arrivedAt, announcedAt };
    await heartbeats.record(heartbeat);
    metrics.time('PipelineMs', measureWay(heartbeat));
  } catch (error) {
    log.error('the heartbeat ends here', { sentAt, error });
  }
}
