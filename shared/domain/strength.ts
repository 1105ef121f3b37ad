import type { Case } from './case';
import { isReplaced } from './policy-denials';
import { findBridge } from './temporary-deactivation';

/** How strong a containment is and what it leaves out, in sentences; empty where nothing holds the thing. */
export function describeStrength(record: Case): string[] {
  const held = record.ledger.filter(({ status }) => status !== 'reverted' && status !== 'conflict');
  if (held.length === 0) return [];
  return [
    ...describeCertificates(record),
    ...held.flatMap((entry) =>
      isReplaced(entry, held)
        ? [`not in the quarantine group (${entry.detail ?? 'refused'}): its certificates are denied instead`]
        : entry.unproven
          ? [`${entry.action} is applied, but AWS gives no proof of it: ${entry.detail ?? 'no answer'}`]
          : [],
    ),
  ];
}

function describeCertificates({ ledger, leftOut = [], facts }: Case): string[] {
  const bridge = findBridge(ledger);
  const isFor = bridge
    ? 'until the policies have spread'
    : ledger.some(({ action, status }) => action === 'deactivate-certificate' && status === 'verified')
      ? 'until the release'
      : undefined;
  const dead =
    facts?.kind === 'known' ? facts.principals.filter(({ status }) => status && status !== 'ACTIVE') : [];
  return [
    ...(bridge?.status === 'failed'
      ? [`a certificate could not be made inactive, so each connect is cut: ${bridge.detail ?? 'refused'}`]
      : isFor
        ? [`its own certificates can't connect ${isFor}`]
        : []),
    ...leftOut.map((why) => `left out, so each connect is cut until the policies have spread: ${why}`),
    ...dead.map(
      ({ certificateId, status }) => `certificate ${certificateId.slice(0, 8)} was ${status} already`,
    ),
  ];
}
