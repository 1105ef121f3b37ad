import { heartbeatName } from '../heartbeat';
import { writeAlert } from './alert';
import type { Finding } from './finding';
import type { Violation } from './violation';

/**
 * The heartbeat as an alert. It says that an alarm was invalidated, so a reader of the topic that does not know it, such as
 * an earlier release of Cordon, opens no case.
 */
export function writeHeartbeat(sentAt: number): string {
  return writeAlert({
    violationId: `${heartbeatName}-${sentAt}`,
    thingName: heartbeatName,
    securityProfileName: heartbeatName,
    eventType: 'alarm-invalidated',
    occurredAt: sentAt,
    behavior: { name: 'heartbeat', metric: 'heartbeat' },
  });
}

/** The name alone is no mark: anybody may write an alert for it. */
export function isHeartbeat(finding: Finding): finding is Violation {
  const { thingName, securityProfileName, eventType } = finding;
  return (
    thingName === heartbeatName && securityProfileName === heartbeatName && eventType === 'alarm-invalidated'
  );
}
