import type { HeartbeatCommand } from '../../shared/domain/decide/command';
import { measureWay } from '../../shared/domain/heartbeat';
import { announceHeartbeat } from '../../shared/domain/messages/audience';
import type { Announcer } from '../../shared/ports/aws';
import type { Clock, Log, Metrics } from '../../shared/ports/runtime';
import type { Heartbeats } from '../../shared/ports/storage';

export interface HeartbeatPorts {
  readonly announcer: Announcer;
  readonly heartbeats: Heartbeats;
  /** Asks of AWS, about the reserved name, what a containment asks first. Rejects if that can't be had. */
  reach(): Promise<unknown>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/**
 * Announces a heartbeat, and records its times, if what a containment needs can be reached: so connections to AWS IoT are open
 * when an alert comes, and a broken role or endpoint shows before. Never fails: another comes each minute, and one that was delivered again
 * would measure its own retries. The alarm on a missing heartbeat reports the failure.
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
