import { descriptorOf } from '../actions/registry';
import type { Case, LedgerEntry } from './case';
import { isPolicyDenial, isReplaced } from './policy-denials';
import { findTemporaryDeactivation, isLastingDeactivation } from './temporary-deactivation';

/** How strong a containment is and what it leaves out, in sentences; empty where nothing holds the thing. */
export function describeStrength(record: Case): string[] {
  const held = record.ledger.filter(({ status }) => status !== 'reverted' && status !== 'conflict');
  if (held.length === 0) return [];
  return [...describeCertificates(record), ...held.flatMap((entry) => describeDenial(entry, held))];
}

function describeDenial(entry: LedgerEntry, held: readonly LedgerEntry[]): string[] {
  const { action, status, detail, unproven, standsInFor } = entry;
  if (isReplaced(entry, held)) {
    const words = descriptorOf(standsInFor ?? action).backup?.words;
    return standsInFor
      ? [`${action} was refused (${detail ?? 'no reason'}): ${words?.inPlace}`]
      : [`${words?.missing} (${detail ?? 'refused'}): ${words?.inItsPlace}`];
  }
  if (unproven) return [`${action} is applied, but AWS gives no proof of it: ${detail ?? 'no answer'}`];
  return isPolicyDenial(entry) && status === 'applied'
    ? [`${action} is applied, but not proven yet: ${detail ?? 'not looked at'}`]
    : [];
}

function describeCertificates({ ledger, leftOut = [], facts }: Case): string[] {
  const bridge = findTemporaryDeactivation(ledger);
  const isFor =
    bridge?.status === 'verified'
      ? 'until the policies have spread'
      : !bridge && ledger.some((entry) => isLastingDeactivation(entry) && entry.status === 'verified')
        ? 'until the release'
        : undefined;
  // One that Cordon itself made inactive has its status from before.
  const known = facts?.kind === 'known' ? facts.principals : [];
  const dead = known.flatMap(({ certificateId, status, before }) => {
    const own = before?.statusBefore ?? status;
    return own && own !== 'ACTIVE' ? [{ certificateId, status: own }] : [];
  });
  return [
    ...(bridge?.status === 'failed'
      ? [
          `a certificate could not be made inactive, so each connect that AWS tells of is cut: ${bridge.detail ?? 'refused'}`,
        ]
      : isFor
        ? [`its own certificates can't connect ${isFor}`]
        : []),
    ...leftOut.map(
      (why) => `left out, so each connect that AWS tells of is cut until the policies have spread: ${why}`,
    ),
    ...dead.map(
      ({ certificateId, status }) => `certificate ${certificateId.slice(0, 8)} was ${status} already`,
    ),
  ];
}
