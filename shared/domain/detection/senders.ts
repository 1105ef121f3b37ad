import type { DetectState, SenderState } from './state';

/** Who sent a report of a thing. */
export interface Reporter {
  /** Its certificate. */
  readonly principal: string;
  /** Whether it connected as the thing. */
  readonly isOwn: boolean;
}

const foreignMark = 'foreign:';

/** The name of a sender in the state: the first characters of a certificate id are enough, since no one can choose it. */
export function senderName({ principal, isOwn }: Reporter): string {
  const short = /^[0-9a-f]{64}$/.test(principal) ? principal.slice(0, 16) : principal.slice(0, 256);
  return isOwn ? short : foreignMark + short;
}

export function isForeign(name: string): boolean {
  return name.startsWith(foreignMark);
}

export function findSender({ senders = [] }: DetectState, name: string): SenderState | undefined {
  return senders.find(({ principal }) => principal === name);
}
