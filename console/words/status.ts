import type { CaseStatus } from '../api/types';

type Tone = 'danger' | 'warning' | 'progress' | 'held' | 'quiet' | 'good';

interface StatusWords {
  /** For people. */
  readonly word: string;
  /** After a number of cases: `3 wait for approval`. */
  readonly several: string;
  readonly tone: Tone;
}

export const statusWords: Readonly<Record<CaseStatus, StatusWords>> = {
  'containment-failed': {
    word: 'Containment failed',
    several: 'could not be contained',
    tone: 'danger',
  },
  'release-conflict': { word: 'Release conflict', several: 'are in conflict', tone: 'danger' },
  'awaiting-approval': {
    word: 'Waits for approval',
    several: 'wait for approval',
    tone: 'warning',
  },
  containing: { word: 'Containing', several: 'are being contained', tone: 'progress' },
  releasing: { word: 'Releasing', several: 'are being released', tone: 'progress' },
  contained: { word: 'Contained', several: 'are contained', tone: 'held' },
  observed: { word: 'Observed', several: 'are observed', tone: 'quiet' },
  closed: { word: 'Closed', several: 'are closed', tone: 'good' },
};

/** Statuses in which nothing happens until somebody decides, the most urgent first. */
export const needsSomebody: readonly CaseStatus[] = [
  'containment-failed',
  'release-conflict',
  'awaiting-approval',
];
