import type { Case } from '../case/case';
import type { PendingAnnouncement } from '../case/outbox';

/** The device's own status, version 1, which the agent reads (agent/mqtt/containment.ts). */
export interface DeviceNotice {
  readonly version: 1;
  readonly status: 'contained' | 'released';
  readonly caseId: string;
  readonly at: number;
}

/** One of the kept topics, so that a contained device can receive it. */
export function deviceNoticeTopic(thingName: string): string {
  return `cordon/things/${thingName}/containment`;
}

/** The newest status in these announcements; undefined if none changes the device's status. */
export function deviceNoticeFor(
  { caseId }: Pick<Case, 'caseId'>,
  announcements: readonly Pick<PendingAnnouncement, 'kind' | 'at'>[],
): DeviceNotice | undefined {
  const newest = announcements.findLast(({ kind }) => kind in statuses);
  const status = newest && statuses[newest.kind];
  return status && { version: 1, status, caseId, at: newest.at };
}

/** For the device, a containment that is not yet verified counts as contained. */
const statuses: Readonly<Record<string, DeviceNotice['status']>> = {
  containing: 'contained',
  contained: 'contained',
  released: 'released',
};
