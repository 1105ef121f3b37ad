import { heartbeatName } from '../heartbeat';
import type { Announcement } from './announcement-schema';

const heartbeat = 'heartbeat';

/** Who an announcement is for. */
export function audienceOf({
  kind,
  quiet,
  update,
}: Announcement): 'people' | 'systems' | 'update' | typeof heartbeat {
  if (kind === heartbeat) return heartbeat;
  if (quiet) return 'systems';
  return update ? 'update' : 'people';
}

/** The heartbeat that was sent at that time. It has `quiet`, so that readers of earlier releases don't show it. */
export function announceHeartbeat(sentAt: number): Announcement {
  return {
    version: 1,
    id: `${heartbeatName}#${sentAt}`,
    caseId: heartbeatName,
    seq: sentAt,
    at: sentAt,
    kind: heartbeat,
    status: heartbeat,
    severity: 'info',
    thingName: heartbeatName,
    text: 'a test of the alert pipeline, sent each minute: nothing happened',
    quiet: true,
    detector: 'cordon',
    violations: [],
    actions: [],
    evidence: [],
    enrichment: [],
  };
}
