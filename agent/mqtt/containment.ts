import type { Log } from '../log';
import { decodeAnswer } from '../report/encoding';
import type { StateFile } from '../state-file';

/** Cordon's notice to the device, version 1. */
export interface ContainmentNotice {
  readonly status: 'contained' | 'released';
  readonly caseId: string;
  /** Epoch ms. */
  readonly at: number;
}

/**
 * Cordon keeps its newest notice here as a retained message (functions/respond), so it also reaches an agent that was
 * not connected when it was sent. One of quarantine's kept topics, as are all the topics that the agent uses.
 */
export function containmentTopic(thingName: string): string {
  return `cordon/things/${thingName}/containment`;
}

/** Undefined for another version, or another message. */
export function readNotice(payload: Buffer): ContainmentNotice | undefined {
  const notice = decodeAnswer(payload, 'json');
  if (notice?.version !== 1) return undefined;
  const { status, caseId, at } = notice;
  const isNotice =
    (status === 'contained' || status === 'released') &&
    typeof caseId === 'string' &&
    /^[a-zA-Z0-9_-]{1,64}$/.test(caseId) &&
    typeof at === 'number' &&
    Number.isInteger(at) &&
    // A log line can't show a time outside the range of a date.
    !Number.isNaN(new Date(at).getTime());
  return isNotice ? { status, caseId, at } : undefined;
}

/** Remembers whether the device is contained, also after a restart. A contained device continues to report. */
export interface ContainmentWatch {
  note(notice: ContainmentNotice | undefined): void;
  isContained(): boolean;
}

export function watchContainment(file: StateFile, log: Log): ContainmentWatch {
  const kept = file.read();
  let last = kept === undefined ? undefined : readNotice(Buffer.from(kept));
  if (last?.status === 'contained') log('warn', 'contained', { ...about(last), remembered: true });
  return {
    note: (notice) => {
      if (!notice) return log('warn', 'containment-unreadable');
      const isOld = last !== undefined && notice.at < last.at;
      const isSame = notice.status === last?.status && notice.caseId === last.caseId;
      if (isOld || isSame) return;
      const wasContained = last?.status === 'contained';
      last = notice;
      file.write(`${JSON.stringify({ version: 1, ...notice })}\n`);
      if (notice.status === 'contained') log('warn', 'contained', about(notice));
      else if (wasContained) log('info', 'released', about(notice));
    },
    isContained: () => last?.status === 'contained',
  };
}

function about({ caseId, at }: ContainmentNotice): Readonly<Record<string, unknown>> {
  return { caseId, since: new Date(at).toISOString() };
}
