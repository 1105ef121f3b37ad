import type { Case } from '../../shared/domain/case';
import { isNotFound, isRefusal } from '../../shared/errors';
import { nameCertificate } from '../../shared/mitigation/denial';
import type { Certificates, Things } from '../../shared/ports';

interface Looks {
  readonly things: Pick<Things, 'listPolicies'>;
  readonly certificates: Pick<Certificates, 'readStatus'>;
}

/**
 * What of the thing's certificates is not as it was when the thing was contained, though Cordon has undone all it did:
 * somebody else changed it meanwhile, and a release must not say that everything is as it was before.
 */
export async function findChanged(
  { status, facts, ledger }: Case,
  ports: Looks,
  denyPolicyName: string,
): Promise<string[]> {
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
  return found.flat();
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
