import { HttpProblem, type HttpRequest } from '../../shared/http';

/** How a token says what its owner may do; the authorizer has checked signature, issuer, audience and time. */
export interface GroupRule {
  readonly claim: string;
  readonly group: string;
}

interface Caller {
  /** For the timeline: an ARN, an e-mail address or a subject. */
  readonly actor: string;
  readonly mayAct: boolean;
}

/** As a command takes it. */
const maxActor = 256;

/**
 * Who calls, by what API Gateway's authorizer put into the event; never by what the caller wrote.
 * What a caller with an ARN may do is in its IAM policy, route by route, so that whoever comes here may.
 */
export function findCaller({ requestContext }: HttpRequest, rule: GroupRule): Caller {
  const { iam, jwt } = requestContext.authorizer ?? {};
  if (iam?.userArn) return { actor: keepEnd(iam.userArn), mayAct: true };
  const actor = jwt && nameOf(jwt.claims);
  if (!actor) throw new HttpProblem(401, 'nobody is signed in');
  return { actor: keepEnd(actor), mayAct: readGroups(jwt.claims[rule.claim]).includes(rule.group) };
}

/** An address that its owner could have typed in proves nothing. */
function nameOf({
  email,
  email_verified: verified,
  sub,
}: Readonly<Record<string, unknown>>): string | undefined {
  if (typeof email === 'string' && email !== '' && String(verified) !== 'false') return email;
  return typeof sub === 'string' && sub !== '' ? sub : undefined;
}

/** `[a b]`: API Gateway writes a claim that is a list so, as Go prints one. */
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
