import type { HeartbeatCommand } from '../../../shared/domain/decide/command';
import { isHeartbeat, writeHeartbeat } from '../../../shared/domain/findings/heartbeat';
import { readMessage } from '../../../shared/domain/findings/read-message';
import { heartbeatKey } from '../../../shared/domain/thing-ref';
import { now } from '../../builders';

/** The command that intake writes for a heartbeat. */
export function aHeartbeat(sentAt = now, takenAt = sentAt + 40): HeartbeatCommand {
  const reading = readMessage(writeHeartbeat(sentAt));
  const [finding] = reading.kind === 'findings' ? reading.findings : [];
  if (!finding || !isHeartbeat(finding)) throw new Error('the heartbeat is no alert');
  return { type: 'violation', thingName: heartbeatKey, violation: finding, takenAt };
}
