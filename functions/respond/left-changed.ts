import type { Case } from '../../shared/domain/case/case';
import { isNotFound, isRefusal } from '../../shared/errors';
import { nameCertificate } from '../../shared/mitigation/denial';
import type { Certificates, Things } from '../../shared/ports';

interface Looks {
  readonly things: Pick<Things, 'listGroups' | 'listPolicies'>;
  readonly certificates: Pick<Certificates, 'readStatus'>;
}

/**
 * What of the thing's groups and certificates is not as it was when the thing was contained, though Cordon has undone all it did:
 * somebody else changed it meanwhile, and a release must not say that everything is as it was before.
 */
export async function findChanged(record: Case, ports: Looks, denyPolicyName: string): Promise<string[]> {
  const { status, facts, ledger } = record;
  const isUndone = ledger.every((entry) => entry.status === 'reverted');
  if (status !== 'releasing' || !isUndone || facts?.kind !== 'known') return [];
  const told = ledger.flatMap(({ left = [] }) => left);
  const found = await Promise.all(
    facts.principals.map(async ({ arn, certificateId, status: seen, policies, before }) => {
      const name = nameCertificate(certificateId);
      if (told.some((line) => line.startsWith(name))) return [];
      const now = await lookAt(arn, certificateId, ports);
      if (typeof now === 'string') return [`${name} ${now}`];
      const was = before?.statusBefore ?? seen ?? 'ACTIVE';
      const isOther = (names: readonly string[]) => (policy: string) =>
        policy !== denyPolicyName && !names.includes(policy);
      const more = now.policies.filter(isOther(policies));
      const fewer = policies.filter(isOther(now.policies));
      return [
        ...(now.status === was ? [] : [`${name} is ${now.status} by somebody else, and stays so`]),
        ...(more.length > 0 ? [`${name} got ${more.join(', ')} meanwhile`] : []),
        ...(fewer.length > 0 ? [`${name} lost ${fewer.join(', ')} meanwhile`] : []),
      ];
    }),
  );
  return [...(await findOtherGroups(record, facts.groups, ports)), ...found.flat()];
}

/** The quarantine group is what the action itself looks at. */
async function findOtherGroups(
  { thingName, ledger }: Case,
  seen: readonly string[],
  { things }: Looks,
): Promise<string[]> {
  const quarantined = ledger.flatMap(({ prior }) => ('groupsBefore' in prior ? [prior] : []))[0];
  const before = quarantined?.groupsBefore ?? seen;
  try {
    const now = await things.listGroups(thingName);
    const isOther = (groups: readonly string[]) => (group: string) =>
      group !== quarantined?.thingGroup && !groups.includes(group);
    return [
      ...now.filter(isOther(before)).map((group) => `the thing came into group ${group} meanwhile`),
      ...before.filter(isOther(now)).map((group) => `the thing left group ${group} meanwhile`),
    ];
  } catch (error) {
    if (isNotFound(error)) return ['the thing was deleted meanwhile'];
    if (isRefusal(error)) return [`the thing's groups could not be looked at: ${error.name}`];
    throw error;
  }
}

async function lookAt(arn: string, certificateId: string, { things, certificates }: Looks) {
  try {
    const [status, policies] = await Promise.all([
      certificates.readStatus(certificateId),
      things.listPolicies(arn),
    ]);
    return { status, policies };
  } catch (error) {
    if (isNotFound(error)) return 'was deleted meanwhile';
    if (isRefusal(error)) return `could not be looked at: ${error.name}`;
    throw error;
  }
}
