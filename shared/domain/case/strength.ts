import { policyObject } from '../actions/lease';
import { descriptorOf } from '../actions/registry';
import type { Case } from './case';
import type { LedgerEntry } from './ledger-entry';
import type { Strength, Undermined } from './news';
import { isPolicyDenial, isReplaced } from './policy-denials';
import { findTemporaryDeactivation, isLastingDeactivation } from './temporary-deactivation';

/** How strong a containment is and what it leaves out; empty if nothing holds the thing. */
export function listStrength(record: Case): Strength[] {
  const held = record.ledger.filter(({ status }) => status !== 'reverted' && status !== 'conflict');
  if (held.length === 0) return [];
  return [
    ...judgeCertificates(record),
    ...held.flatMap((entry) => judgeDenial(entry, held)),
    ...listNotHeld(record.facts),
    ...Object.values(record.violations).flatMap((finding) =>
      finding.caseId === record.caseId ? findWayRound(finding, held) : [],
    ),
  ];
}

function listNotHeld(facts: Case['facts']): Strength[] {
  const principals = facts?.kind === 'known' ? facts.otherPrincipals : undefined;
  return principals ? [{ code: 'not-held', principals }] : [];
}

/**
 * Others may act with the certificate, or the policy lets the device act as another client. An audit sees that a
 * certificate is shared only while its devices connect, which a held device does not. So no later audit ends that
 * finding (docs/facts.md#audits).
 */
export function findWayRound(
  finding: Case['violations'][string] | undefined,
  ledger: readonly LedgerEntry[],
): Undermined[] {
  return listWaysRound(finding).filter((way) => !ledger.some((entry) => isClosedBy(way, entry)));
}

/**
 * The way is closed if the certificate is inactive until the release, or if the default version of the policy denies.
 */
function isClosedBy({ object, name }: Undermined, entry: LedgerEntry): boolean {
  if (entry.status !== 'verified') return false;
  const { listShared, certificates } = descriptorOf(entry.action);
  if (isLastingDeactivation(entry))
    return object === 'policy' || certificates?.list(entry.prior).includes(name) === true;
  return object === 'policy' && listShared?.(entry.prior).includes(policyObject(name)) === true;
}

function listWaysRound(finding: Case['violations'][string] | undefined): Undermined[] {
  if (finding?.kind !== 'audit') return [];
  const { check, resource: name, lastEventType } = finding;
  if (check === 'DEVICE_CERTIFICATE_SHARED_CHECK')
    return [{ code: 'undermined', object: 'certificate', name }];
  return check === 'IOT_POLICY_OVERLY_PERMISSIVE_CHECK' && lastEventType === 'in-alarm'
    ? [{ code: 'undermined', object: 'policy', name }]
    : [];
}

function judgeDenial(entry: LedgerEntry, held: readonly LedgerEntry[]): Strength[] {
  const { action, status, unproven, standsInFor } = entry;
  const detail = entry.detail && { detail: entry.detail };
  if (isReplaced(entry, held))
    return [{ code: 'replaced', action, ...(standsInFor && { standsInFor }), ...detail }];
  if (unproven) return [{ code: 'unproven', action, ...detail }];
  return isPolicyDenial(entry) && status === 'applied' ? [{ code: 'not-proven-yet', action, ...detail }] : [];
}

function judgeCertificates({ ledger, leftOut = [], facts }: Case): Strength[] {
  const temporary = findTemporaryDeactivation(ledger);
  const until =
    temporary?.status === 'verified'
      ? 'spread'
      : !temporary && ledger.some((entry) => isLastingDeactivation(entry) && entry.status === 'verified')
        ? 'release'
        : undefined;
  // A certificate that Cordon made inactive counts with its status from before.
  const known = facts?.kind === 'known' ? facts.principals : [];
  const dead = known.flatMap(({ certificateId, status, before }) => {
    const own = before?.statusBefore ?? status;
    return own && own !== 'ACTIVE' ? [{ certificateId, status: own }] : [];
  });
  return [
    ...(temporary?.status === 'failed'
      ? [{ code: 'deactivation-failed' as const, ...(temporary.detail && { detail: temporary.detail }) }]
      : until
        ? [{ code: 'certificates-held' as const, until } as const]
        : []),
    ...leftOut.map((why) => ({ code: 'left-out' as const, why })),
    ...dead.map((one) => ({ code: 'inactive-before' as const, ...one })),
  ];
}
