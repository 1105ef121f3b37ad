import type { Outcome } from '../domain/case/steps';
import { isNotFound, isRefusal } from '../errors';
import type { MitigationContext, Right } from './action';
import { isSameDocument } from './policy-text';

/** A topic that no device needs and no kept topic covers. */
const testTopic = (thingName: string) => `cordon-denial-test/${thingName}`;

/** What is to be shown: that these certificates are denied by policy. */
export interface Denial {
  /** ARNs of certificates. */
  readonly principals: readonly string[];
  /** Under which the device may ask; undefined is a request without a client id, as over HTTPS. */
  readonly clientIds: readonly (string | undefined)[];
  /** What denies; by name where it hangs on the certificate or a group as it is. */
  readonly policyName?: string;
  readonly document: string;
  /** The group whose policy denies is this thing's; absent where the policy hangs on the certificate. */
  readonly groupOf?: string;
}

/** What `testDenial` calls. */
export const denialRights: readonly Right[] = [
  {
    actions: ['iot:TestAuthorization', 'iot:GetEffectivePolicies', 'iot:DescribeCertificate'],
    resources: ['cert/*'],
  },
];

type Proof =
  | { readonly kind: 'proven'; readonly by: string }
  | { readonly kind: 'denied-nothing' | 'unknown'; readonly detail: string };

/**
 * Whether an application publish with each certificate, under each client id, is explicitly denied. AWS doesn't say
 * whether TestAuthorization knows the policies of a thing's groups, nor what it answers for an inactive certificate. So
 * where it doesn't answer EXPLICIT_DENY, GetEffectivePolicies is asked as well, and whether the policy would deny.
 */
export async function testDenial(denial: Denial, context: MitigationContext): Promise<Outcome> {
  const { principals, clientIds } = denial;
  if (principals.length === 0)
    return {
      result: 'unverified',
      detail: 'no certificate is attached to the thing, so no denial can be shown',
    };
  const sources = new Set<string>();
  const gone: string[] = [];
  for (const principal of principals) {
    for (const clientId of clientIds) {
      const proof = await prove(principal, clientId, denial, context);
      if (proof.kind === 'proven') sources.add(proof.by);
      else if (await isGone(principal, context)) {
        gone.push(principal);
        break;
      } else if (proof.kind === 'unknown' && (await isDead(principal, context))) sources.add('its status');
      else
        return {
          result: 'unverified',
          detail: `a publish ${clientId === undefined ? 'without a client id' : `by client ${clientId}`} with ${nameCertificate(principal)} ${proof.detail}`,
          ...(proof.kind === 'unknown' && { unproven: true }),
        };
    }
  }
  const left = principals.filter((principal) => !gone.includes(principal));
  if (left.length === 0)
    return { result: 'done', detail: `nothing can connect: ${gone.map(nameCertificate).join(', ')} deleted` };
  return {
    result: 'done',
    detail: `publish is explicitly denied for ${left.map(nameCertificate).join(', ')}, by ${[...sources].join(' and ')}`,
  };
}

/** Whether a certificate was deleted, as after a rotation: then there is nothing left of it to hold. */
export async function isGone(
  arnOrId: string,
  { certificates }: Pick<MitigationContext, 'certificates'>,
): Promise<boolean> {
  try {
    await certificates.readStatus(arnOrId.slice(arnOrId.lastIndexOf('/') + 1));
    return false;
  } catch (error) {
    if (isNotFound(error)) return true;
    if (isRefusal(error)) return false;
    throw error;
  }
}

async function prove(
  principal: string,
  clientId: string | undefined,
  denial: Denial,
  { thingName, things }: MitigationContext,
): Promise<Proof> {
  const { policyName, document, groupOf } = denial;
  const topic = testTopic(thingName);
  const decision = await attempt(() => things.testPublish(principal, clientId, topic));
  if (decision.value === 'EXPLICIT_DENY') return { kind: 'proven', by: 'TestAuthorization' };
  const would = `would get ${decision.value ?? decision.refusal ?? 'no answer'}`;
  // The policy of a group binds under the thing's name only, whatever GetEffectivePolicies lists.
  if (groupOf !== undefined && clientId !== groupOf) return { kind: 'denied-nothing', detail: would };
  const effective = await attempt(() => things.listEffectivePolicies(principal, groupOf));
  if (!effective.value)
    return { kind: 'unknown', detail: `${would}, and GetEffectivePolicies gives ${effective.refusal}` };
  const isListed = effective.value.some(
    (policy) =>
      (policyName === undefined || policy.policyName === policyName) &&
      isSameDocument(policy.document, document),
  );
  if (!isListed)
    return { kind: 'denied-nothing', detail: `${would}, and GetEffectivePolicies lists no such denial` };
  // Of an inactive certificate, say: there is no other answer to be had.
  if (decision.value === undefined) return { kind: 'proven', by: 'GetEffectivePolicies' };
  const added = await attempt(() => things.testPublish(principal, clientId, topic, policyName));
  if (policyName !== undefined && added.value === 'EXPLICIT_DENY')
    return { kind: 'proven', by: 'GetEffectivePolicies' };
  // Denied without a word of why, even with the policy in the request: maybe the certificate is what AWS looks at.
  const kind = decision.value === 'IMPLICIT_DENY' && added.value !== 'ALLOWED' ? 'unknown' : 'denied-nothing';
  return { kind, detail: `${would}, though GetEffectivePolicies lists the policy` };
}

/** Whether a certificate, of which AWS tells nothing, can't connect in any case; for long, not just by a bridge. */
async function isDead(principal: string, { temporarilyInactive, certificates }: MitigationContext) {
  const certificateId = principal.slice(principal.lastIndexOf('/') + 1);
  if (temporarilyInactive.includes(certificateId)) return false;
  const status = await attempt(() => certificates.readStatus(certificateId));
  return status.value !== undefined && status.value !== 'ACTIVE';
}

interface Answer<T> {
  readonly value?: T;
  /** Why AWS gives no answer, by the name of its error. */
  readonly refusal?: string;
}

/** What AWS refuses for good is no answer; throttling, say, is thrown, to be tried again. */
async function attempt<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { refusal: `no answer (${error.name})` };
  }
}

/** `certificate 1a2b3c4d`: enough to find it, short enough to read. */
export function nameCertificate(arnOrId: string): string {
  return `certificate ${arnOrId.slice(arnOrId.lastIndexOf('/') + 1).slice(0, 8)}`;
}
