import { statusObject } from '../../shared/domain/actions/lease';
import type { Case } from '../../shared/domain/case/case';
import type { Detail } from '../../shared/domain/case/details';
import type { PrincipalFacts } from '../../shared/domain/facts';
import type { ThingKey } from '../../shared/domain/thing-ref';
import { isNotFound, isRefusal } from '../../shared/errors';
import { idOf } from '../../shared/mitigation/denial';
import type { Certificates, Things } from '../../shared/ports/aws';
import type { Leases } from '../../shared/ports/storage';
import { isCertificate } from './certificate-facts';

interface Looks {
  readonly things: Pick<Things, 'listGroups' | 'listPolicies' | 'listPrincipals'>;
  readonly certificates: Pick<Certificates, 'readStatus'>;
  readonly leases: Pick<Leases, 'load'>;
}

/**
 * The groups and certificates of the thing that somebody else changed during the containment: after such a change, a
 * release must not say that everything is as it was before.
 */
export async function findChanged(record: Case, ports: Looks, denyPolicyName: string): Promise<Detail[]> {
  const { status, facts, ledger } = record;
  const isUndone = ledger.every((entry) => entry.status === 'reverted');
  if (status !== 'releasing' || !isUndone || facts?.kind !== 'known') return [];
  const told = ledger.flatMap(({ left = [] }) => left);
  const [groups, moved, ...found] = await Promise.all([
    findOtherGroups(record, facts.groups, ports),
    findMoved(record.thingName, facts.principals, ports),
    ...facts.principals.map(
      async ({ arn, certificateId, status: seen, policies, before }): Promise<Detail[]> => {
        if (told.some((one) => 'certificateId' in one && one.certificateId === certificateId)) return [];
        const now = await lookAt(arn, certificateId, ports);
        if ('code' in now) return [now];
        const was = before?.statusBefore ?? seen ?? 'ACTIVE';
        const isOther = (names: readonly string[]) => (policy: string) =>
          policy !== denyPolicyName && !names.includes(policy);
        const more = now.policies.filter(isOther(policies));
        const fewer = policies.filter(isOther(now.policies));
        return [
          ...(now.status === was
            ? []
            : [await nameStatus(record.thingName, certificateId, now.status, ports)]),
          ...comparePolicies(certificateId, 'got', more),
          ...comparePolicies(certificateId, 'lost', fewer),
        ];
      },
    ),
  ]);
  const all = [...groups, ...moved, ...found.flat()];
  // A deleted object is no longer attached, either.
  const isDeleted = ({ code }: Detail) => code === 'thing-deleted' || code === 'certificate-deleted';
  const gone = [...told, ...all].filter(isDeleted);
  return all.filter(
    (one) =>
      one.code !== 'certificate-moved' ||
      !gone.some((other) => !('certificateId' in other) || other.certificateId === one.certificateId),
  );
}

/** Another thing's case may hold it INACTIVE. */
async function nameStatus(
  thingName: ThingKey,
  certificateId: string,
  status: string,
  { leases }: Looks,
): Promise<Detail> {
  const lease = status === 'INACTIVE' ? await leases.load(statusObject(certificateId)) : undefined;
  const heldBy = lease?.value.holders.filter((name) => name !== thingName) ?? [];
  return heldBy.length > 0
    ? { code: 'certificate-held', certificateId, heldBy }
    : { code: 'certificate-changed', certificateId, status };
}

/** Certificates that were attached to the thing, or taken from it. */
async function findMoved(
  thingName: string,
  seen: readonly PrincipalFacts[],
  { things }: Looks,
): Promise<Detail[]> {
  try {
    const now = (await things.listPrincipals(thingName)).filter(isCertificate);
    const before = seen.flatMap(({ arn, attachedSince }) => (attachedSince ? [] : arn));
    return [
      ...now.filter((arn) => !before.includes(arn)).map((arn) => describeMoved('attached', arn)),
      ...before.filter((arn) => !now.includes(arn)).map((arn) => describeMoved('detached', arn)),
    ];
  } catch (error) {
    // Its groups say that already.
    if (isNotFound(error)) return [];
    if (isRefusal(error)) return [{ code: 'certificates-unlisted', error: error.name }];
    throw error;
  }
}

function describeMoved(change: 'attached' | 'detached', arn: string): Detail {
  return { code: 'certificate-moved', certificateId: idOf(arn), change };
}

function comparePolicies(
  certificateId: string,
  change: 'got' | 'lost',
  policies: readonly string[],
): Detail[] {
  return policies.length > 0 ? [{ code: 'certificate-policies', certificateId, change, policies }] : [];
}

/** Finds changed groups, except the quarantine group, which the action itself compares. */
async function findOtherGroups(
  { thingName, ledger }: Case,
  seen: readonly string[],
  { things }: Looks,
): Promise<Detail[]> {
  const quarantined = ledger.flatMap(({ prior }) => ('groupsBefore' in prior ? [prior] : []))[0];
  const before = quarantined?.groupsBefore ?? seen;
  try {
    const now = await things.listGroups(thingName);
    const isOther = (groups: readonly string[]) => (group: string) =>
      group !== quarantined?.thingGroup && !groups.includes(group);
    return [
      ...now.filter(isOther(before)).map((group) => describeGroup('joined', group)),
      ...before.filter(isOther(now)).map((group) => describeGroup('left', group)),
    ];
  } catch (error) {
    if (isNotFound(error)) return [{ code: 'thing-deleted' }];
    if (isRefusal(error)) return [{ code: 'groups-unseen', error: error.name }];
    throw error;
  }
}

function describeGroup(change: 'joined' | 'left', thingGroup: string): Detail {
  return { code: 'group-changed', change, thingGroup };
}

async function lookAt(
  arn: string,
  certificateId: string,
  { things, certificates }: Looks,
): Promise<Detail | { readonly status: string; readonly policies: readonly string[] }> {
  try {
    const [status, policies] = await Promise.all([
      certificates.readStatus(certificateId),
      things.listPolicies(arn),
    ]);
    return { status, policies };
  } catch (error) {
    if (isNotFound(error)) return { code: 'certificate-deleted', certificateId };
    if (isRefusal(error)) return { code: 'certificate-unseen', certificateId, error: error.name };
    throw error;
  }
}
