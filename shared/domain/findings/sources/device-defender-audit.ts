import type { Source } from '../finding';

/** Results and findings of Device Defender Audit, which Cordon does not act on (docs/facts.md#alerts). */
export const deviceDefenderAudit: Source = {
  name: 'device-defender-audit',
  read(message) {
    if ('auditDetails' in message) return { kind: 'ignored', reason: 'an Audit result, not a violation' };
    if ('findingId' in message || 'nonCompliantResource' in message)
      return { kind: 'ignored', reason: 'an Audit finding, not a violation' };
    return undefined;
  },
};
