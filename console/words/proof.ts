import type { LedgerAnswer } from '../api/types';

const states: Readonly<Record<string, string>> = {
  planned: 'Not applied yet',
  applied: 'Applied, not proven yet',
  verified: 'Proven',
  failed: 'Refused by AWS',
  reverted: 'Undone',
  conflict: 'In conflict',
};

const tones: Readonly<Record<string, string>> = {
  planned: 'progress',
  applied: 'progress',
  verified: 'good',
  failed: 'danger',
  reverted: 'quiet',
  conflict: 'danger',
};

/** The status of an action, in words. */
export function writeLedgerState({ status, unproven }: LedgerAnswer): { word: string; tone: string } {
  if (unproven) return { word: 'Applied; nothing could prove it', tone: 'warning' };
  return { word: states[status] ?? status, tone: tones[status] ?? 'quiet' };
}

/** How strong the containment is as a whole, in a few words. */
export function writeStrength(ledger: readonly LedgerAnswer[]): string {
  const held = ledger.filter(({ status }) => status !== 'reverted');
  if (held.length === 0)
    return ledger.length === 0 ? 'Nothing holds this device.' : 'Nothing holds this device any more.';
  const proven = held.filter(({ status }) => status === 'verified').length;
  const failed = held.filter(({ status }) => status === 'failed').length;
  const parts = [`${proven} of ${held.length} ${held.length === 1 ? 'action is' : 'actions are'} proven`];
  if (failed > 0) parts.push(`AWS refused ${failed}`);
  return `${parts.join('; ')}.`;
}
