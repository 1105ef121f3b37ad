import { deniedObject, priorOf, type SharedObject, statusObject } from '../../shared/domain/actions/lease';
import type { PrincipalFacts } from '../../shared/domain/facts';
import { escapesGroupPolicy } from '../../shared/domain/guards/connect-rights';
import { isRefusal } from '../../shared/errors';
import { idOf, isGone } from '../../shared/mitigation/denial';
import type { Certificates, Things } from '../../shared/ports/aws';
import type { Leases } from '../../shared/ports/storage';
import { listOthers } from './list-others';

export interface CertificatePorts {
  readonly things: Things;
  readonly certificates: Certificates;
  readonly leases: Leases;
}

interface CertificateOptions {
  readonly denyPolicyName: string;
}

export function isCertificate(arn: string): boolean {
  return arn.includes(':cert/');
}

interface State {
  readonly policies: readonly string[];
  readonly status: string | undefined;
  readonly before: PrincipalFacts['before'];
}

export async function lookUpCertificate(
  arn: string,
  thingName: string,
  ports: CertificatePorts,
  { denyPolicyName }: CertificateOptions,
  withStatus: boolean,
): Promise<PrincipalFacts> {
  const { things, certificates } = ports;
  const certificateId = idOf(arn);
  // A release gives up its lease after it has undone the change, so the status that was read just before is outdated.
  const readState = async (seenBefore: readonly SharedObject[] = []): Promise<State> => {
    const [policies, status] = await Promise.all([
      things.listPolicies(arn),
      withStatus ? certificates.readStatus(certificateId).catch(unlessRefused) : undefined,
    ]);
    const seen = { denied: policies.includes(denyPolicyName), status };
    const { before, unheld } = await findHeld(certificateId, seen, ports);
    return unheld.every((object) => seenBefore.includes(object))
      ? { policies, status, before }
      : readState([...seenBefore, ...unheld]);
  };
  const [{ policies, status, before }, users] = await Promise.all([
    readState(),
    things.listThingsOfPrincipal(arn),
  ]);
  const documents = await Promise.all(policies.map((name) => things.readPolicy(name)));
  return {
    arn,
    certificateId,
    policies,
    escapesGroup: escapesGroupPolicy(documents, thingName),
    ...(status !== undefined && { status }),
    ...(before && { before }),
    ...listOthers(users, thingName),
  };
}

/**
 * The facts about a held certificate that is no longer the thing's. Undefined if it was deleted, because nobody needs
 * to hold it then.
 */
export async function lookUpDetached(
  arn: string,
  thingName: string,
  ports: CertificatePorts,
  options: CertificateOptions,
  withStatus: boolean,
): Promise<PrincipalFacts | undefined> {
  if (await isGone(arn, ports)) return undefined;
  const found = await lookUpCertificate(arn, thingName, ports, options, withStatus);
  return { ...found, escapesGroup: true, isDetached: true };
}

/**
 * The state of a certificate before another containment changed it. Read after the present state, and only if that
 * looks changed by a containment: a containment registers a lease before it changes a certificate.
 */
async function findHeld(
  certificateId: string,
  { denied, status }: { readonly denied: boolean; readonly status: string | undefined },
  { leases }: CertificatePorts,
): Promise<Pick<State, 'before'> & { readonly unheld: readonly SharedObject[] }> {
  const objects = [
    ...(denied ? [deniedObject(certificateId)] : []),
    ...(status === 'INACTIVE' ? [statusObject(certificateId)] : []),
  ];
  const found = await Promise.all(objects.map((object) => leases.load(object)));
  const priors = found.map((stored) => priorOf(stored?.value));
  return {
    before: priors.some((prior) => prior) ? Object.assign({}, ...priors) : undefined,
    unheld: objects.filter((_, index) => !priors[index]),
  };
}

/** An unreadable status stays unknown: no guard needs it, and an action on the certificate reports AWS's reason. */
function unlessRefused(error: unknown): undefined {
  if (!isRefusal(error)) throw error;
}
