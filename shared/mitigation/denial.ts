import type { DenialSource, Detail, EffectivePolicies } from '../domain/case/details';
import type { Outcome } from '../domain/case/steps';
import { isNotFound, isRefusal } from '../errors';
import { done, type MitigationContext, type Right, unverified } from './action';
import { deniesAsMuch } from './policy-coverage';

/** A topic that no device needs and no kept topic covers. */
const testTopic = (thingName: string) => `cordon-denial-test/${thingName}`;

/** What is to be shown: that these certificates are denied by policy. */
export interface Denial {
  /** ARNs of certificates. */
  readonly principals: readonly string[];
  /** The client ids under which the device may ask; undefined is a request without a client id, as over HTTPS. */
  readonly clientIds: readonly (string | undefined)[];
  /** The policy that denies; by its name if it is attached to the certificate or to a group. */
  readonly policyName?: string;
  readonly document: string;
  /** The thing whose group has the policy; absent if the policy is attached to the certificate. */
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
  | { readonly kind: 'proven'; readonly by: DenialSource }
  | { readonly kind: 'denied-nothing' | 'unknown'; readonly answers: Answers };

/** What AWS answers in place of a denial. */
type Answers = Pick<Extract<Detail, { code: 'publish-not-denied' }>, 'decision' | 'error' | 'effective'>;

/**
 * Whether an application publish with each certificate, under each client id, is explicitly denied. AWS doesn't say
 * whether TestAuthorization knows the policies of a thing's groups, nor what it answers for an inactive certificate. So
 * if it doesn't answer EXPLICIT_DENY, GetEffectivePolicies is asked as well, and whether the policy would deny.
 */
export async function testDenial(denial: Denial, context: MitigationContext): Promise<Outcome> {
  const { principals, clientIds } = denial;
  if (principals.length === 0) return unverified({ code: 'no-certificate-to-test' });
  const sources = new Set<DenialSource>();
  const gone: string[] = [];
  for (const principal of principals) {
    for (const clientId of clientIds) {
      const proof = await prove(principal, clientId, denial, context);
      if (proof.kind === 'proven') sources.add(proof.by);
      else if (await isGone(principal, context)) {
        gone.push(principal);
        break;
      } else if (proof.kind === 'unknown' && (await isDead(principal, context))) sources.add('status');
      else
        return {
          ...unverified({
            code: 'publish-not-denied',
            certificateId: idOf(principal),
            ...(clientId !== undefined && { clientId }),
            ...proof.answers,
          }),
          ...(proof.kind === 'unknown' && { unproven: true }),
        };
    }
  }
  const left = principals.filter((principal) => !gone.includes(principal));
  if (left.length === 0) return done({ code: 'certificates-gone', certificateIds: gone.map(idOf) });
  return done({ code: 'publish-denied', certificateIds: left.map(idOf), by: [...sources] });
}

/** Whether a certificate was deleted, as after a rotation: there is nothing left to hold. */
export async function isGone(
  arnOrId: string,
  { certificates }: Pick<MitigationContext, 'certificates'>,
): Promise<boolean> {
  try {
    await certificates.readStatus(idOf(arnOrId));
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
  const withAnswers = (effective?: EffectivePolicies): Answers => ({
    ...(decision.value !== undefined && { decision: decision.value }),
    ...(decision.error !== undefined && { error: decision.error }),
    ...(effective && { effective }),
  });
  // The policy of a group binds under the thing's name only, whatever GetEffectivePolicies lists.
  if (groupOf !== undefined && clientId !== groupOf)
    return { kind: 'denied-nothing', answers: withAnswers() };
  const effective = await attempt(() => things.listEffectivePolicies(principal, groupOf));
  if (!effective.value) {
    const { error } = effective;
    return {
      kind: 'unknown',
      answers: withAnswers({ state: 'unknown', ...(error !== undefined && { error }) }),
    };
  }
  const isListed = effective.value.some(
    (policy) =>
      (policyName === undefined || policy.policyName === policyName) &&
      deniesAsMuch(policy.document, document),
  );
  if (!isListed) return { kind: 'denied-nothing', answers: withAnswers({ state: 'not-listed' }) };
  // For example for an inactive certificate, for which AWS gives no other answer.
  if (decision.value === undefined) return { kind: 'proven', by: 'GetEffectivePolicies' };
  const added = await attempt(() => things.testPublish(principal, clientId, topic, policyName));
  if (policyName !== undefined && added.value === 'EXPLICIT_DENY')
    return { kind: 'proven', by: 'GetEffectivePolicies' };
  // Denied without a reason, even with the policy in the request: AWS may have looked at the certificate's status.
  const kind = decision.value === 'IMPLICIT_DENY' && added.value !== 'ALLOWED' ? 'unknown' : 'denied-nothing';
  return { kind, answers: withAnswers({ state: 'listed' }) };
}

/**
 * Whether a certificate for which AWS gives no answer can't connect anyway, for longer than a temporary deactivation.
 */
async function isDead(principal: string, { temporarilyInactive, certificates }: MitigationContext) {
  const certificateId = idOf(principal);
  if (temporarilyInactive.includes(certificateId)) return false;
  const status = await attempt(() => certificates.readStatus(certificateId));
  return status.value !== undefined && status.value !== 'ACTIVE';
}

interface Answer<T> {
  readonly value?: T;
  /** The name of the error that AWS gives instead. */
  readonly error?: string;
}

/**
 * A permanent refusal of AWS counts as no answer. A temporary error, such as throttling, is thrown, so that the call is
 * tried again.
 */
async function attempt<T>(ask: () => Promise<T>): Promise<Answer<T>> {
  try {
    return { value: await ask() };
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return { error: error.name };
  }
}

/** The certificate's id, of its ARN. */
export function idOf(arnOrId: string): string {
  return arnOrId.slice(arnOrId.lastIndexOf('/') + 1);
}
