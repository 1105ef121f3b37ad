import { HttpProblem, type HttpRequest } from '../../shared/http';

/** Where a token states the rights of its owner. The authorizer has checked signature, issuer, audience and time. */
export interface GroupRule {
  readonly claim: string;
  readonly group: string;
}

interface Caller {
  /** For the timeline: an ARN, an e-mail address or a subject. */
  readonly actor: string;
  readonly mayAct: boolean;
}

/** The limit of a command. */
const maxActor = 256;

/**
 * The caller, from what API Gateway's authorizer put into the event, never from what the caller wrote. IAM has already
 * allowed a caller with an ARN to use this route.
 */
export function findCaller({ requestContext }: HttpRequest, rule: GroupRule): Caller {
  const { iam, jwt } = requestContext.authorizer ?? {};
  if (iam?.userArn) return { actor: keepEnd(iam.userArn), mayAct: true };
  const actor = jwt && nameOf(jwt.claims);
  if (!actor) throw new HttpProblem(401, 'the caller is not authenticated');
  return { actor: keepEnd(actor), mayAct: readGroups(jwt.claims[rule.claim]).includes(rule.group) };
}

/** An unverified address proves nothing: its owner may have typed it in. */
function nameOf({
  email,
  email_verified: verified,
  sub,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof email === 'string' && email !== '' && String(verified) !== 'false') return email;
  return typeof sub === 'string' && sub !== '' ? sub : undefined;
}

/** API Gateway writes a claim that is a list as `[a b]`, like Go. */
function readGroups(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.map(String);
  if (typeof claim !== 'string') return [];
  const list = /^\[(.*)\]$/s.exec(claim)?.[1];
  return list === undefined ? [claim] : list.split(/[\s,]+/);
}

/** The end of an ARN tells users apart. */
function keepEnd(text: string): string {
  return text.length <= maxActor ? text : `…${text.slice(1 - maxActor)}`;
}
