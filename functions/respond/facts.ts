import type { Facts, PrincipalFacts } from '../../shared/domain/facts';
import { isRefusal } from '../../shared/errors';
import type { Things } from '../../shared/ports';

/** Deliveries after which a failing lookup no longer waits: the guards then fail closed. */
const patience = 3;

/** Looks up what the guards and the ledger need. Throws while another delivery may do better. */
export async function gatherFacts(thingName: string, things: Things, attempt: number): Promise<Facts> {
  try {
    const [thing, groups, principals] = await Promise.all([
      things.describe(thingName),
      things.listGroups(thingName).catch(unlessRegistered),
      things.listPrincipals(thingName).catch(unlessRegistered),
    ]);
    if (!thing) return { kind: 'known', registered: false, attributes: {}, groups: [], principals: [] };
    const certificates = principals.filter((arn) => arn.includes(':cert/'));
    return {
      kind: 'known',
      registered: true,
      ...(thing.thingTypeName && { thingTypeName: thing.thingTypeName }),
      attributes: thing.attributes,
      groups,
      principals: await Promise.all(certificates.map((arn) => lookUpPrincipal(arn, thingName, things))),
    };
  } catch (error) {
    if (!isRefusal(error) && attempt < patience) throw error;
    return {
      kind: 'unavailable',
      reason: error instanceof Error ? `${error.name}: ${error.message}` : 'unknown',
    };
  }
}

/** `describe` tells whether the thing exists; its lists then answer ResourceNotFound, which is no fault. */
function unlessRegistered(error: unknown): string[] {
  if (error instanceof Error && error.name === 'ResourceNotFoundException') return [];
  throw error;
}

async function lookUpPrincipal(arn: string, thingName: string, things: Things): Promise<PrincipalFacts> {
  const [policies, users] = await Promise.all([things.listPolicies(arn), things.listThingsOfPrincipal(arn)]);
  return {
    arn,
    certificateId: arn.slice(arn.indexOf(':cert/') + ':cert/'.length),
    policies,
    sharedWith: users.filter((name) => name !== thingName).slice(0, 50),
  };
}
