import { descriptorOf } from '../../shared/domain/actions/registry';
import type { Configuration } from '../../shared/domain/configuration';
import { mostCharacters } from '../../shared/domain/decide/operator-actions';
import { nameIamUser } from '../../shared/domain/decide/second-person';
import { listPermitted } from '../../shared/domain/guards/choose-actions';
import { type HttpAnswer, HttpProblem, type HttpRequest, jsonResponse } from '../../shared/http';

/** Where a token states the rights of its owner. The authorizer has checked signature, issuer, audience and time. */
export interface GroupRule {
  readonly claim: string;
  /** Its members may act, and read. */
  readonly group: string;
  /** Its members may read; empty: everybody whom the provider admits may. */
  readonly viewers: string;
}

/** The right that a route needs: to read, or to act. */
export type Role = 'viewer' | 'operator';

interface Caller {
  /** For the timeline: an ARN, an e-mail address or a subject. */
  readonly actor: string;
  /**
   * The proven identity, `SOURCE:ID`. The caller can't choose any part of it. Absent if several people may share it.
   */
  readonly person?: string;
  readonly roles: ReadonlySet<Role>;
  /** IAM has decided before this function runs. */
  readonly decidedBy: 'groups' | 'iam';
}

/**
 * The caller, from what API Gateway's authorizer put into the event, never from what the caller wrote. IAM has already
 * allowed a caller with an ARN to use this route.
 */
export function findCaller({ requestContext }: HttpRequest, rule: GroupRule): Caller {
  const { iam, jwt } = requestContext.authorizer ?? {};
  if (iam?.userArn) {
    const person = nameIamUser(iam.userId) ?? nameIdentityCenterUser(iam.userArn);
    return {
      actor: keepEnd(iam.userArn),
      ...(person !== undefined && { person }),
      roles: new Set(['viewer', 'operator']),
      decidedBy: 'iam',
    };
  }
  const actor = jwt && nameOf(jwt.claims);
  if (!actor) throw new HttpProblem(401, 'the caller is not authenticated');
  const groups = readGroups(jwt.claims[rule.claim]);
  const mayAct = groups.includes(rule.group);
  const mayRead = mayAct || rule.viewers === '' || groups.includes(rule.viewers);
  const { sub } = jwt.claims;
  return {
    actor: keepEnd(actor),
    // Not the address, which its owner may change.
    ...(typeof sub === 'string' && sub !== '' && { person: `oidc:${sub}` }),
    roles: new Set<Role>([
      ...(mayRead ? (['viewer'] as const) : []),
      ...(mayAct ? (['operator'] as const) : []),
    ]),
    decidedBy: 'groups',
  };
}

export interface CallerPorts {
  readonly groupRule: GroupRule;
  readonly playbooks: Configuration['playbooks'];
}

/** Who the caller is, and what they may do as far as groups decide. Nothing here knows what IAM permits. */
export async function showCaller(
  request: HttpRequest,
  { groupRule, playbooks }: CallerPorts,
): Promise<HttpAnswer> {
  const { actor, person, roles, decidedBy } = findCaller(request, groupRule);
  return jsonResponse({
    ...{ actor, isProven: person !== undefined, decidedBy },
    roles: [...roles],
    ...(decidedBy === 'groups' && { operators: groupRule.group }),
    additions: listPermitted(playbooks).map((action) => ({ action, does: descriptorOf(action).words.does })),
  });
}

/** Throws unless the caller has the role. */
export function requireRole(request: HttpRequest, role: Role, rule: GroupRule): void {
  if (findCaller(request, rule).roles.has(role)) return;
  const groups = role === 'operator' ? rule.group : `${rule.viewers} and ${rule.group}`;
  throw new HttpProblem(
    403,
    `only members of ${groups} may ${role === 'operator' ? 'do this' : 'read this'}`,
  );
}

/**
 * The session of a role has the name that its caller chose. Only the roles of IAM Identity Center trust nobody but it, and it
 * names the session after the user ("Permission sets", IAM Identity Center user guide).
 */
function nameIdentityCenterUser(arn: string): string | undefined {
  const user = /^arn:[\w-]+:sts::\d{12}:assumed-role\/AWSReservedSSO_[^/]+\/(.+)$/.exec(arn)?.[1];
  return user && `sso:${user}`;
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

/** The end of an ARN distinguishes users. */
function keepEnd(text: string): string {
  return text.length <= mostCharacters.person ? text : `…${text.slice(1 - mostCharacters.person)}`;
}
