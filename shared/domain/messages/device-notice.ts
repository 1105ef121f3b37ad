import type { Case, PendingAnnouncement } from '../case/case';

/** What the device is told of itself, version 1; the agent reads it (agent/containment.ts). */
export interface DeviceNotice {
  readonly version: 1;
  readonly status: 'contained' | 'released';
  readonly caseId: string;
  readonly at: number;
}

/** One of the kept topics, so that a contained device hears it. */
export function deviceNoticeTopic(thingName: string): string {
  return `cordon/things/${thingName}/containment`;
}

/** The newest of what these announcements mean for the device; undefined where they change nothing for it. */
export function deviceNoticeFor(
  { caseId }: Pick<Case, 'caseId'>,
  announcements: readonly Pick<PendingAnnouncement, 'kind' | 'at'>[],
): DeviceNotice | undefined {
  const newest = announcements.findLast(({ kind }) => kind in statuses);
  const status = newest && statuses[newest.kind];
  return status && { version: 1, status, caseId, at: newest.at };
}

/** Not verified yet is contained, for the device. */
const statuses: Readonly<Record<string, DeviceNotice['status']>> = {
  containing: 'contained',
  contained: 'contained',
  released: 'released',
};
