/** Statuses of an open case, the most urgent for people first. */
export const openStatuses = [
  'containment-failed',
  'release-conflict',
  'awaiting-approval',
  'containing',
  'releasing',
  'contained',
  'observed',
] as const;

export const caseStatuses = [...openStatuses, 'closed'] as const;

export type CaseStatus = (typeof caseStatuses)[number];
